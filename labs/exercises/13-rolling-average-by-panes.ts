import { notDone } from "./not-done.js";

/** The events of one pane: a period in which no window starts or ends. */
export interface Pane {
  sum: number;
  count: number;
}

/**
 * The average of each full window of `length` consecutive panes; the next window begins one pane later. Of n panes there are
 * n − length + 1 windows, or none if there are fewer than `length` panes.
 *
 * A window without events has the average null.
 *
 * `merge` combines two adjacent panes, the earlier one first, and is expensive: call it at most three times per pane, however
 * long the windows are. A pane cannot be subtracted again; a merged pane can be merged further. Do not start from an
 * empty pane of your own: merge only the given panes and what was merged from them.
 */
export function rollingAverages(
  panes: readonly Pane[],
  length: number,
  merge: (earlier: Pane, later: Pane) => Pane,
): (number | null)[] {
  // TODO
  return notDone(panes, length, merge);
}
