import { seededRandom } from "../source/market.js";

/** How a spread of normally distributed numbers is had from their median absolute deviation: 1 / Φ⁻¹(3/4). */
export const NORMAL_SCALE = 1.4826;

/** A node of a treap: a search tree by value, a heap by priority, and so balanced by chance. */
interface Node {
  value: number;
  priority: number;
  /** Nodes in this tree. */
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

/** All below the value, and the rest. */
function split(node: Node | undefined, value: number): [Node | undefined, Node | undefined] {
  if (node === undefined) return [undefined, undefined];
  if (node.value < value) {
    const [low, high] = split(node.right, value);
    return [withChildren(node, node.left, low), high];
  }
  const [low, high] = split(node.left, value);
  return [low, withChildren(node, high, node.right)];
}

/** One tree of two, where no value of the first is above one of the second. */
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

/** The value with `rank` values before it. */
function valueAt(node: Node, rank: number): number {
  const before = sizeOf(node.left);
  if (rank < before) return valueAt(node.left!, rank);
  return rank === before ? node.value : valueAt(node.right!, rank - before - 1);
}

/**
 * The distance from `center` with `rank` smaller ones, over a tree of what lies below the center and one of what does not.
 * Read towards both sides, the distances of each tree grow. Each step goes down one level in one of the two, so the
 * search costs O(log n), although every distance is another one whenever the center moves.
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
  const nearer = sizeOf(below.right) + sizeOf(above.left); // nearer than the farther of the two roots, at least
  if (rank > nearer) {
    // Not among the nearer root and what is nearer still on its side.
    return toBelow <= toAbove
      ? distanceAt(below.left, above, center, rank - sizeOf(below.right) - 1)
      : distanceAt(below, above.right, center, rank - sizeOf(above.left) - 1);
  }
  // Not among the farther root and what is farther still on its side.
  return toBelow > toAbove
    ? distanceAt(below.right, above, center, rank)
    : distanceAt(below, above.left, center, rank);
}

/** The middle of `size` sorted values: the middle one, or the mean of the two. */
function middle(size: number, at: (rank: number) => number): number {
  const upper = at(size >>> 1);
  return size % 2 === 1 ? upper : (at(size / 2 - 1) + upper) / 2;
}

/** A collection of numbers that knows its median, and how far its numbers are from it. */
export interface MedianTree {
  readonly size: number;
  add(value: number): void;
  /** Takes one occurrence of a number out; nothing where there is none. */
  remove(value: number): void;
  /** NaN where it is empty. */
  median(): number;
  /** The median of the distances from the median, also called MAD; NaN where it is empty. */
  medianAbsoluteDeviation(): number;
}

/** Keeps numbers sorted in a treap (Seidel and Aragon, 1996): each of its operations costs O(log n), on average over the priorities. */
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
