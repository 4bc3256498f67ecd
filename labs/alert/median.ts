import { seededRandom } from "../source/market.js";

/** The factor from the median absolute deviation of normally distributed numbers to their standard deviation: 1 / Φ⁻¹(3/4). */
export const NORMAL_SCALE = 1.4826;

/** A node of a treap: a search tree by value and a heap by random priority, which keeps it balanced on average. */
interface Node {
  value: number;
  priority: number;
  /** The number of nodes in this subtree. */
  size: number;
  left: Node | undefined;
  right: Node | undefined;
}

const sizeOf = (node: Node | undefined) => node?.size ?? 0;

function withChildren(node: Node, left: Node | undefined, right: Node | undefined): Node {
  node.left = left;
  node.right = right;
  node.size = sizeOf(left) + sizeOf(right) + 1;
  return node;
}

/** Splits a tree into the values below a value, and the rest. */
function split(node: Node | undefined, value: number): [Node | undefined, Node | undefined] {
  if (node === undefined) return [undefined, undefined];
  if (node.value < value) {
    const [low, high] = split(node.right, value);
    return [withChildren(node, node.left, low), high];
  }
  const [low, high] = split(node.left, value);
  return [low, withChildren(node, high, node.right)];
}

/** Joins two trees; no value of the first may exceed a value of the second. */
function join(low: Node | undefined, high: Node | undefined): Node | undefined {
  if (low === undefined) return high;
  if (high === undefined) return low;
  return low.priority > high.priority
    ? withChildren(low, low.left, join(low.right, high))
    : withChildren(high, join(low, high.left), high.right);
}

function withoutOne(node: Node | undefined, value: number): Node | undefined {
  if (node === undefined) return undefined;
  if (node.value === value) return join(node.left, node.right);
  return value < node.value
    ? withChildren(node, withoutOne(node.left, value), node.right)
    : withChildren(node, node.left, withoutOne(node.right, value));
}

/** The value with `rank` values before it in sorted order. */
function valueAt(node: Node, rank: number): number {
  const before = sizeOf(node.left);
  if (rank < before) return valueAt(node.left!, rank);
  return rank === before ? node.value : valueAt(node.right!, rank - before - 1);
}

/**
 * The distance from `center` that has `rank` smaller ones, given a tree of the values below the center and a tree of the
 * others. In each tree, distances grow away from the center. Each step descends one level in one of the trees, so the search
 * costs O(log n), although all distances change whenever the center moves.
 */
function distanceAt(
  below: Node | undefined,
  above: Node | undefined,
  center: number,
  rank: number,
): number {
  if (below === undefined) return valueAt(above!, rank) - center;
  if (above === undefined) return center - valueAt(below, below.size - 1 - rank);
  const toBelow = center - below.value;
  const toAbove = above.value - center;
  const nearer = sizeOf(below.right) + sizeOf(above.left); // at least this many are nearer than the farther of the two roots
  if (rank > nearer) {
    // Skip the nearer root and the values that are nearer on its side.
    return toBelow <= toAbove
      ? distanceAt(below.left, above, center, rank - sizeOf(below.right) - 1)
      : distanceAt(below, above.right, center, rank - sizeOf(above.left) - 1);
  }
  // Skip the farther root and the values that are farther on its side.
  return toBelow > toAbove
    ? distanceAt(below.right, above, center, rank)
    : distanceAt(below, above.left, center, rank);
}

/** The median of `size` sorted values: the middle one, or the mean of the two middle ones. */
function middle(size: number, at: (rank: number) => number): number {
  const upper = at(size >>> 1);
  return size % 2 === 1 ? upper : (at(size / 2 - 1) + upper) / 2;
}

/** A collection of numbers with its median and median absolute deviation. */
export interface MedianTree {
  readonly size: number;
  add(value: number): void;
  /** Removes one occurrence of a number; does nothing if there is none. */
  remove(value: number): void;
  /** NaN if it is empty. */
  median(): number;
  /** The median of the distances from the median (MAD); NaN if it is empty. */
  medianAbsoluteDeviation(): number;
}

/** Keeps numbers sorted in a treap (Seidel and Aragon, 1996). Each operation costs O(log n), on average over the priorities. */
export function medianTree(): MedianTree {
  const priority = seededRandom(1);
  let root: Node | undefined;
  const median = () =>
    root === undefined ? NaN : middle(root.size, (rank) => valueAt(root!, rank));
  return {
    get size() {
      return sizeOf(root);
    },
    add(value) {
      const [low, high] = split(root, value);
      const node = { value, priority: priority(), size: 1, left: undefined, right: undefined };
      root = join(join(low, node), high);
    },
    remove(value) {
      root = withoutOne(root, value);
    },
    median,
    medianAbsoluteDeviation() {
      if (root === undefined) return NaN;
      const center = median();
      const { size } = root;
      const [below, above] = split(root, center);
      const deviation = middle(size, (rank) => distanceAt(below, above, center, rank));
      root = join(below, above);
      return deviation;
    },
  };
}
