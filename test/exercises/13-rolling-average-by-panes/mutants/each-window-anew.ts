// It merges every window from its beginning: length times the work.

export interface Pane {
  sum: number;
  count: number;
}

const averageOf = ({ sum, count }: Pane) => (count === 0 ? null : sum / count);

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
    if (first >= -1) {
      averages.push(averageOf(panes.slice(first, end).reduce(merge)));
      continue;
    }
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
