import fc from "fast-check";
import type { Pane } from "../../../solutions/13-rolling-average-by-panes.js";
import * as solution from "../../../solutions/13-rolling-average-by-panes.js";
import { checksOf, wrong } from "../checks.js";

const check = checksOf(solution);

const merge = (earlier: Pane, later: Pane): Pane => ({
  sum: earlier.sum + later.sum,
  count: earlier.count + later.count,
});
const pane = fc
  .record({
    sum: fc.oneof(fc.integer({ min: -100, max: 100 }), fc.constant(68_340.5)),
    count: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ sum, count }) => ({ sum: count === 0 ? 0 : sum, count }));
const of = (...values: number[]) => values.map((sum) => ({ sum, count: 1 }));
const close = { tolerance: 1e-12 };

export default [
  check.example(
    "two panes per window",
    "rollingAverages",
    [of(2, 4, 6), 2, merge],
    [3, 5],
    "(2 + 4) / 2 and (4 + 6) / 2.",
    close,
  ),
  check.example(
    "windows of one pane",
    "rollingAverages",
    [of(2, 4), 1, merge],
    [2, 4],
    "Nothing needs merging.",
    close,
  ),
  check.example(
    "too few panes for a window",
    "rollingAverages",
    [of(2), 2, merge],
    [],
    "A window that is not full has no average.",
    close,
  ),
  check.example(
    "an average counts events, not panes",
    "rollingAverages",
    [
      [
        { sum: 10, count: 1 },
        { sum: 20, count: 3 },
      ],
      2,
      merge,
    ],
    [7.5],
    "30 / 4: not the average of the panes' averages.",
    close,
  ),
  check.example(
    "a window without events has no average",
    "rollingAverages",
    [
      [
        { sum: 0, count: 0 },
        { sum: 0, count: 0 },
        { sum: 4, count: 1 },
      ],
      2,
      merge,
    ],
    [null, 4],
    "0 / 0 is NaN; the answer is null.",
    close,
  ),
  check.agrees(
    "for any panes and length",
    "rollingAverages",
    fc
      .tuple(fc.array(pane, { maxLength: 20 }), fc.integer({ min: 1, max: 8 }))
      .map(([panes, length]) => [panes, length, merge]),
    "The sum of all sums over the sum of all counts, for each window.",
    close,
  ),
  check.scenario("at most three merges for each pane", async (subject) => {
    const panes = Array.from({ length: 1_000 }, (_, index) => ({ sum: index, count: 1 }));
    for (const length of [10, 400]) {
      let calls = 0;
      await subject.rollingAverages(panes, length, (earlier, later) => {
        calls++;
        return merge(earlier, later);
      });
      if (calls > 3 * panes.length) {
        throw wrong(
          `rollingAverages(1,000 panes, ${length}, merge)`,
          "at most 3,000 calls of merge",
          `${calls.toLocaleString("en-US")} calls`,
          "Merging each window from its beginning costs `length` merges. Keep merged panes, as a queue made of two stacks does.",
        );
      }
    }
  }),
  check.scenario("panes are combined only by merge, whatever it does", async (subject) => {
    const largest = (one: Pane, other: Pane): Pane => ({
      sum: Math.max(one.sum, other.sum),
      count: 1,
    });
    const answer = await subject.rollingAverages(of(5, 1, 2, 9, 3), 3, largest);
    if (answer.join() !== "5,9,9") {
      throw wrong(
        "rollingAverages(panes of 5, 1, 2, 9 and 3, 3, merge), where merge keeps the larger one",
        "[ 5, 9, 9 ]",
        `[ ${answer.join(", ")} ]`,
        "A sum can be subtracted again, a maximum cannot: use merge, and nothing else.",
      );
    }
  }),
  check.scenario("panes are merged in order, and by merge only", async (subject) => {
    const texts = new Map<Pane, string>();
    const named = ["a", "b", "c", "d", "e"].map((name) => {
      const made = { sum: 1, count: 1 };
      texts.set(made, name);
      return made;
    });
    const seen: string[] = [];
    await subject.rollingAverages(named, 3, (earlier, later) => {
      const made = merge(earlier, later);
      const text = (texts.get(earlier) ?? "?") + (texts.get(later) ?? "?");
      texts.set(made, text);
      seen.push(text);
      return made;
    });
    const bad = seen.find((text) => !"abcde".includes(text));
    if (bad !== undefined) {
      throw wrong(
        "five panes a, b, c, d and e; windows of three",
        "each merge combines neighbours, the earlier first, such as a with b or ab with c",
        bad.includes("?") ? "a pane of your own was merged" : `a merge gave ${bad}`,
        "Other aggregates, such as first and last, depend on the order.",
      );
    }
  }),
];
