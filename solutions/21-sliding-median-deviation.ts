/**
 * How unusual each value is compared with the `window` values before it: its signed distance from their median, in robust
 * standard deviations.
 *
 * A robust standard deviation is 1.4826 times the median absolute deviation (MAD): the median of the distances of the values
 * from their median. The median of an even number of values is the mean of the two in the middle.
 *
 * If the MAD is 0, at least half of the values equal the median. A value that equals the median then scores 0, and any other
 * value Infinity or -Infinity.
 *
 * @param values ordered by time
 * @param window the number of previous values that a score is computed from, at least 1
 * @returns the scores of the values from `values[window]` on; none if there are at most `window` values
 */
export function robustScores(values: readonly number[], window: number): number[] {
  return values.slice(window).map((value, index) => {
    const before = values.slice(index, index + window);
    const center = median(before);
    const deviation = 1.4826 * median(before.map((each) => Math.abs(each - center)));
    // 0 / 0 is NaN; anything else over 0 is what the specification wants.
    return value === center ? 0 : (value - center) / deviation;
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
