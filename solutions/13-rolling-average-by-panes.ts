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
  // Two stacks: for the panes before `border` what is merged from each of them up to it, behind it one running merge.
  const averages: (number | null)[] = [];
  let border = 0;
  let suffixes: Pane[] = [];
  let back: Pane | undefined;
  for (let end = 1; end <= panes.length; end++) {
    const pane = panes[end - 1]!;
    back = back === undefined ? pane : merge(back, pane);
    const first = end - length;
    if (first < 0) continue;
    if (first >= border) {
      border = end;
      suffixes = [];
      suffixes[end - 1] = pane;
      for (let at = end - 2; at >= first; at--) suffixes[at] = merge(panes[at]!, suffixes[at + 1]!);
      back = undefined;
    }
    const front = suffixes[first]!;
    const { sum, count } = back === undefined ? front : merge(front, back);
    averages.push(count === 0 ? null : sum / count);
  }
  return averages;
}
