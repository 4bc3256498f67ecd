import { notDone } from "./not-done.js";

/** The events of one pane: a stretch of time that no window's edge cuts. */
export interface Pane {
  sum: number;
  count: number;
}

/**
 * The average of every window that is full. A window is `length` panes in a row, the next one begins a pane later: of n panes
 * there are n − length + 1 windows, none if there are fewer panes than that.
 *
 * A window without events has the average null.
 *
 * `merge` puts two panes together, and it is what costs: call it at most three times for each pane, however long
 * the windows are. Panes can only be merged, not taken out again; but a merged pane may be merged on.
 */
export function rollingAverages(
  panes: readonly Pane[],
  length: number,
  merge: (earlier: Pane, later: Pane) => Pane,
): (number | null)[] {
  // TODO
  return notDone(panes, length, merge);
}
