// Sums can be taken out again, other aggregates cannot: merge is not used.

export interface Pane {
  sum: number;
  count: number;
}

export function rollingAverages(
  panes: readonly Pane[],
  length: number,
  merge: (earlier: Pane, later: Pane) => Pane,
): (number | null)[] {
  const averages: (number | null)[] = [];
  let sum = 0;
  let count = 0;
  for (let end = 0; end < panes.length; end++) {
    sum += panes[end]!.sum;
    count += panes[end]!.count;
    if (end >= length) {
      sum -= panes[end - length]!.sum;
      count -= panes[end - length]!.count;
    }
    if (end >= length - 1) averages.push(count === 0 ? null : sum / count);
  }
  void merge;
  return averages;
}
