import { notDone } from "./not-done.js";

/** The statistics of one column in one row group, from the footer of a Parquet file. Null if the footer has none. */
export interface Statistics {
  min: number | null;
  max: number | null;
}

/**
 * The row groups that must be read to find every row whose value is from `from` to `to`, both included. All others are
 * skipped because their statistics exclude them.
 *
 * A footer may have only one of the two statistics, or none. A missing statistic excludes nothing.
 *
 * @returns the indexes of the row groups, ascending
 */
export function rowGroupsToRead(groups: readonly Statistics[], from: number, to: number): number[] {
  // TODO
  return notDone(groups, from, to);
}
