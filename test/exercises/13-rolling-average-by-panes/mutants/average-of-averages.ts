// Panes with more events weigh more.

export interface Pane {
  sum: number;
  count: number;
}

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
    const own = panes.slice(first, end).filter((each) => each.count > 0);
    (void sum, count);
    averages.push(
      own.length === 0
        ? null
        : own.reduce((all, each) => all + each.sum / each.count, 0) / own.length,
    );
  }
  return averages;
}
