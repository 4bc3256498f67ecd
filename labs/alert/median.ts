/** The factor from the median absolute deviation of normally distributed numbers to their standard deviation: 1 / Φ⁻¹(3/4). */
export const NORMAL_SCALE = 1.4826;

/** The least index in 0 … `end` at which a condition holds that, once true, stays true; `end` if it holds at none before. */
function firstIndex(end: number, holds: (index: number) => boolean): number {
  let from = 0;
  let to = end;
  while (from < to) {
    const between = (from + to) >>> 1;
    if (holds(between)) to = between;
    else from = between + 1;
  }
  return from;
}

/** The median of `size` sorted values: the middle one, or the mean of the two middle ones. */
function middle(size: number, at: (rank: number) => number): number {
  const upper = at(size >>> 1);
  return size % 2 === 1 ? upper : (at(size / 2 - 1) + upper) / 2;
}

/**
 * The distance from `center` that has `rank` smaller ones. The `rank` + 1 nearest values are neighbours in sorted order: of all
 * runs of that length, they are the one whose farther end is nearest. As a run moves up, its lower end approaches the center
 * and its upper end moves away, so a binary search finds it.
 */
function distanceAt(sorted: readonly number[], center: number, rank: number): number {
  const farther = (start: number) =>
    Math.max(center - sorted[start]!, sorted[start + rank]! - center);
  const last = sorted.length - 1 - rank;
  const start = firstIndex(last, (at) => center - sorted[at]! <= sorted[at + rank]! - center);
  return start === 0 ? farther(0) : Math.min(farther(start), farther(start - 1));
}

/**
 * Numbers in sorted order, with their median and median absolute deviation.
 *
 * Each operation searches in O(log n). `add` and `remove` also move the larger numbers in memory, which is O(n) but takes more
 * time than the search only beyond some ten thousand numbers.
 */
export function sortedNumbers() {
  const sorted: number[] = [];
  const placeOf = (value: number) => firstIndex(sorted.length, (at) => sorted[at]! >= value);
  const median = () => middle(sorted.length, (rank) => sorted[rank] ?? NaN);
  return {
    get size() {
      return sorted.length;
    },
    add(value: number): void {
      sorted.splice(placeOf(value), 0, value);
    },
    /** Removes one occurrence of a number; does nothing if there is none. */
    remove(value: number): void {
      const place = placeOf(value);
      if (sorted[place] === value) sorted.splice(place, 1);
    },
    /** NaN if there are no numbers. */
    median,
    /** The median of the distances from the median (MAD); NaN if there are no numbers. */
    medianAbsoluteDeviation(): number {
      if (sorted.length === 0) return NaN;
      const center = median();
      return middle(sorted.length, (rank) => distanceAt(sorted, center, rank));
    },
  };
}
