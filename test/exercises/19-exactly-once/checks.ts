import fc from "fast-check";
import * as solution from "../../../solutions/19-exactly-once.js";
import { checksOf } from "../checks.js";

const check = checksOf(solution);

/** A checkpoint as a run leaves it: all batches before the last are committed, the last one perhaps; old commits may be gone. */
const checkpoint = fc
  .tuple(
    fc.array(fc.oneof(fc.integer({ min: 1, max: 10 }), fc.constant(2 ** 31)), { maxLength: 12 }),
    fc.boolean(),
    fc.nat(8),
    fc.nat(5),
  )
  .chain(([sizes, cut, more, extra]) => {
    let end = 0;
    const all = sizes.map((size, batchId): [number, number] => [batchId, (end += size)]);
    // Old entries are deleted: the last ones are left.
    const offsets = Object.fromEntries(all.slice(-4));
    const done = all
      .map(([batchId]) => batchId)
      .slice(0, cut ? -1 : undefined)
      .slice(-3);
    return fc
      .shuffledSubarray(done, { minLength: done.length })
      .map((commits) => ({ checkpoint: { offsets, commits }, end: end + more, limit: 1 + extra }));
  });

export default [
  check.example(
    "the very first batch",
    "nextBatch",
    [{ offsets: {}, commits: [] }, 100, 10],
    { batchId: 0, from: 0, to: 10 },
    "Number 0, from the beginning, at most ten.",
  ),
  check.example(
    "the next batch continues where the last one ended",
    "nextBatch",
    [{ offsets: { 0: 10 }, commits: [0] }, 100, 10],
    { batchId: 1, from: 10, to: 20 },
    "Batch 0 is complete, and read up to, but not including, offset 10.",
  ),
  check.example(
    "near the end a batch takes what is left",
    "nextBatch",
    [{ offsets: { 0: 10 }, commits: [0] }, 13, 10],
    { batchId: 1, from: 10, to: 13 },
    "A batch never reads past the end.",
  ),
  check.example(
    "if no records are waiting, no batch runs",
    "nextBatch",
    [{ offsets: { 0: 10 }, commits: [0] }, 10, 10],
    null,
    "Do not plan an empty batch.",
  ),
  check.example(
    "an interrupted batch runs again over the same records",
    "nextBatch",
    [{ offsets: { 0: 10, 1: 13 }, commits: [0] }, 100, 10],
    { batchId: 1, from: 10, to: 13 },
    "More records have arrived, but the plan ends at 13. Other records would give other rows.",
  ),
  check.example(
    "the first batch can be interrupted, too",
    "nextBatch",
    [{ offsets: { 0: 4 }, commits: [] }, 100, 10],
    { batchId: 0, from: 0, to: 4 },
    "There is a plan, but no commit at all.",
  ),
  check.example(
    "commits are in no order",
    "nextBatch",
    [{ offsets: { 9: 90, 10: 100, 11: 110 }, commits: [10, 9, 11] }, 200, 10],
    { batchId: 12, from: 110, to: 120 },
    "The last commit is the one with the largest number, not the last in the list. Old ones are deleted.",
  ),
  check.agrees(
    "for a crash at any moment",
    "nextBatch",
    fc.tuple(checkpoint).map(([each]) => [each.checkpoint, each.end, each.limit]),
    "Run the batch after the last commit: as planned if there is a plan, otherwise a new one.",
  ),
];
