import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "average-of-averages": [
    "Panes with more events weigh more.",
    [
      "averages.push(count === 0 ? null : sum / count)",
      `const own = panes.slice(first, end).filter((each) => each.count > 0);
    (void sum, count);
    averages.push(
      own.length === 0
        ? null
        : own.reduce((all, each) => all + each.sum / each.count, 0) / own.length,
    )`,
    ],
  ],
  "each-window-anew": [
    "It merges every window from its beginning: length times the work.",
    [
      `  count: number;
}`,
      `  count: number;
}
const averageOf = ({ sum, count }: Pane) => (count === 0 ? null : sum / count);`,
    ],
    [
      "continue;",
      `continue;
    if (first >= -1) {
      averages.push(averageOf(panes.slice(first, end).reduce(merge)));
      continue;
    }`,
    ],
  ],
  "half-full-windows": [
    "The first windows are not full.",
    ["continue;", "{ averages.push(back.count === 0 ? null : back.sum / back.count); continue; }"],
  ],
  "later-first": ["The order of merging is turned around.", ["front, back", "back, front"]],
  "nan-without-events": ["0 / 0 is NaN.", ["count === 0 ? null : ", ""]],
  "takes-out-again": [
    "Sums can be taken out again, other aggregates cannot: merge is not used.",
    [
      `border = 0;
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
  }`,
      `sum = 0;
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
  void merge;`,
    ],
  ],
};
