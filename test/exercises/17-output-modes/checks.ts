import fc from "fast-check";
import * as solution from "../../../solutions/17-output-modes.js";
import { checksOf } from "../checks.js";

const check = checksOf(solution);

const before = [
  { endMs: 60, count: 3 },
  { endMs: 120, count: 1 },
];
const after = [
  { endMs: 60, count: 3 },
  { endMs: 120, count: 2 },
  { endMs: 180, count: 1 },
];
const FIRST_ENDS_MS = [0, -30, 1_735_725_600_000];
const results = fc
  .tuple(
    fc.array(fc.tuple(fc.nat(3), fc.nat(2)), { maxLength: 6 }),
    fc.constantFrom(...FIRST_ENDS_MS),
  )
  .map(([rows, firstMs]) => {
    const late = rows
      .map(([was, more], index) => ({ endMs: firstMs + index * 10, was, now: was + more }))
      .filter(({ now }) => now > 0);
    return {
      firstMs,
      before: late.filter(({ was }) => was > 0).map(({ endMs, was }) => ({ endMs, count: was })),
      after: late.map(({ endMs, now }) => ({ endMs, count: now })),
    };
  });

export default [
  check.example(
    "append writes windows that have become final",
    "rowsToWrite",
    ["append", before, after, 50, 70],
    [{ endMs: 60, count: 3 }],
    "In this batch the watermark has passed 60.",
  ),
  check.example(
    "a window whose end the watermark exactly reaches is final",
    "rowsToWrite",
    ["append", before, after, 50, 60],
    [{ endMs: 60, count: 3 }],
    "end ≤ watermark.",
  ),
  check.example(
    "a window that was already final is not written again",
    "rowsToWrite",
    ["append", before, after, 60, 120],
    [{ endMs: 120, count: 2 }],
    "The watermark reached 60 in an earlier batch, which wrote the window.",
  ),
  check.example(
    "update writes windows that have changed or are new",
    "rowsToWrite",
    ["update", before, after, 50, 70],
    [
      { endMs: 120, count: 2 },
      { endMs: 180, count: 1 },
    ],
    "The window that ends at 60 has not changed, so it is not written.",
  ),
  check.example(
    "complete writes everything",
    "rowsToWrite",
    ["complete", before, after, 50, 70],
    after,
    "Complete writes final and open windows.",
  ),
  check.example(
    "if nothing has changed, update writes nothing",
    "rowsToWrite",
    ["update", before, before, 50, 50],
    [],
    "A window with an equal count has not changed.",
  ),
  check.agrees(
    "in any mode",
    "rowsToWrite",
    fc
      .tuple(
        fc.constantFrom("append" as const, "update" as const, "complete" as const),
        results,
        fc.nat(60),
        fc.nat(30),
      )
      .map(([mode, { firstMs, before, after }, sinceMs, step]) => [
        mode,
        before,
        after,
        firstMs + sinceMs,
        firstMs + sinceMs + step,
      ]),
    "append: previous < end ≤ watermark; update: changed or new; complete: all.",
  ),
];
