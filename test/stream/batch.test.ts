import fc from "fast-check";
import { expect, test } from "vitest";
import { planBatch } from "../../labs/stream/batch.js";

test("all that waits is read when it is within the limit", () => {
  expect(planBatch([0, 5], [10, 5], 10)).toEqual([10, 5]);
});

test("a limit is shared in proportion to the backlogs, and none of them starves", () => {
  expect(planBatch([0, 0, 0], [900, 99, 1], 100)).toEqual([90, 9, 1]);
});

test("a plan goes forward, never past an end, and reads something from each backlog", () => {
  const partition = fc.tuple(fc.nat(1_000), fc.nat(1_000));
  fc.assert(
    fc.property(
      fc.array(partition, { minLength: 1 }),
      fc.integer({ min: 1, max: 500 }),
      (parts, limit) => {
        const from = parts.map(([start]) => start);
        const end = parts.map(([start, backlog]) => start + backlog);
        for (const [index, stop] of planBatch(from, end, limit).entries()) {
          expect(stop).toBeLessThanOrEqual(end[index]!);
          expect(stop).toBeGreaterThanOrEqual(Math.min(end[index]!, from[index]! + 1));
        }
      },
    ),
  );
});
