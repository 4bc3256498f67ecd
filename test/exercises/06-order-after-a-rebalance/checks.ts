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
/** The keys of each partition: any text may be one. */
const KEYS = [
  ["bitcoin", "constructor"],
  ["ethereum", ""],
  ["__proto__", "toString"],
] as const;
/** Records of some partitions, some of them delivered twice, shuffled. Compaction leaves gaps between offsets. */
const delivered = fc
  .array(
    fc.record({
      partition: fc.nat(KEYS.length - 1),
      key: fc.nat(1),
      value: fc.constantFrom("a", "b"),
      gap: fc.oneof(fc.constant(0), fc.nat(20), fc.constant(3_000_000_000)),
    }),
    { maxLength: 12 },
  )
  .chain((drawn) => {
    const ends = KEYS.map(() => 0);
    const records = drawn.map(({ partition, key, value, gap }) => {
      const offset = ends[partition]! + gap;
      ends[partition] = offset + 1;
      return record(partition, offset, KEYS[partition]![key]!, value);
    });
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
    "They may be delivered in another order: sort by offset.",
  ),
  check.example(
    "a record that is delivered twice counts once",
    "valuesByKey",
    [[record(0, 0, "bitcoin", "a"), record(0, 1, "bitcoin", "b"), record(0, 1, "bitcoin", "b")]],
    { bitcoin: ["a", "b"] },
    "Partition and offset identify a record.",
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
    "offsets are compared as numbers",
    "valuesByKey",
    [[record(0, 10, "bitcoin", "later"), record(0, 9, "bitcoin", "earlier")]],
    { bitcoin: ["earlier", "later"] },
    'As texts "10" comes before "9".',
  ),
  check.example(
    "a key may be any text",
    "valuesByKey",
    [[record(0, 0, "constructor", "a")]],
    { constructor: ["a"] } as never,
    "An object inherits members such as constructor: a Map does not.",
  ),
  check.agrees(
    "for any order of delivery",
    "valuesByKey",
    fc.tuple(delivered),
    "For each key, also __proto__: each record once, in the order of offsets.",
  ),
];
