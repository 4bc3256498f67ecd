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
    "append writes what has become final",
    "rowsToWrite",
    ["append", before, after, 50, 70],
    [{ endMs: 60, count: 3 }],
    "The watermark has passed 60 in this batch.",
  ),
  check.example(
    "an end that the watermark just reaches is final",
    "rowsToWrite",
    ["append", before, after, 50, 60],
    [{ endMs: 60, count: 3 }],
    "end ≤ watermark.",
  ),
  check.example(
    "what was final before is not written again",
    "rowsToWrite",
    ["append", before, after, 60, 120],
    [{ endMs: 120, count: 2 }],
    "Once only: 60 was reached in the batch before.",
  ),
  check.example(
    "update writes what has changed and what is new",
    "rowsToWrite",
    ["update", before, after, 50, 70],
    [
      { endMs: 120, count: 2 },
      { endMs: 180, count: 1 },
    ],
    "The window that ends at 60 is as it was, final or not.",
  ),
  check.example(
    "complete writes everything",
    "rowsToWrite",
    ["complete", before, after, 50, 70],
    after,
    "Final rows and open ones.",
  ),
  check.example(
    "a batch that changes nothing updates nothing",
    "rowsToWrite",
    ["update", before, before, 50, 50],
    [],
    "Equal counts are no change.",
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
