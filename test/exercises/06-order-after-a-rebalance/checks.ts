import fc from "fast-check";
import * as solution from "../../../solutions/06-order-after-a-rebalance.js";
import { checksOf } from "../checks.js";

const check = checksOf(solution);

const record = (partition: number, offset: number, key: string, value: string) => ({
  partition,
  offset,
  key,
  value,
});
/** Records of two partitions with a key each of their own, some of them delivered twice, shuffled. */
const delivered = fc
  .array(fc.record({ partition: fc.nat(1), key: fc.nat(1), value: fc.constantFrom("a", "b") }), {
    maxLength: 12,
  })
  .chain((drawn) => {
    const ends = [0, 0];
    const records = drawn.map(({ partition, key, value }) =>
      record(partition, ends[partition]!++ * 5, `key-${partition}-${key}`, value),
    );
    return fc
      .shuffledSubarray([...records, ...records], { minLength: records.length })
      .filter((some) => some.length >= records.length);
  });

export default [
  check.example(
    "values of a key are in the order of their offsets",
    "valuesByKey",
    [[record(0, 1, "bitcoin", "second"), record(0, 0, "bitcoin", "first")]],
    { bitcoin: ["first", "second"] },
    "They may have come in another order.",
  ),
  check.example(
    "a record that is delivered twice counts once",
    "valuesByKey",
    [[record(0, 0, "bitcoin", "a"), record(0, 1, "bitcoin", "b"), record(0, 1, "bitcoin", "b")]],
    { bitcoin: ["a", "b"] },
    "A record is one by its partition and offset.",
  ),
  check.example(
    "equal values at two offsets are two records",
    "valuesByKey",
    [[record(0, 0, "bitcoin", "a"), record(0, 1, "bitcoin", "a")]],
    { bitcoin: ["a", "a"] },
    "The price may have been the same twice: do not compare values.",
  ),
  check.example(
    "the same offset in two partitions is two records",
    "valuesByKey",
    [[record(0, 0, "bitcoin", "a"), record(1, 0, "ethereum", "x")]],
    { bitcoin: ["a"], ethereum: ["x"] },
    "Offsets count within a partition.",
  ),
  check.example(
    "offsets are numbers, not texts",
    "valuesByKey",
    [[record(0, 10, "bitcoin", "later"), record(0, 9, "bitcoin", "earlier")]],
    { bitcoin: ["earlier", "later"] },
    'As texts "10" comes before "9".',
  ),
  check.agrees(
    "however they were delivered",
    "valuesByKey",
    fc.tuple(delivered),
    "Each record once, by offset, for each key.",
  ),
];
