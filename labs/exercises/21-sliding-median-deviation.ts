import { notDone } from "./not-done.js";

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
  // TODO
  return notDone(values, window);
}
