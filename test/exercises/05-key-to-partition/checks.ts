import fc from "fast-check";
import { murmur2 } from "../../../labs/log/partition.js";
import * as solution from "../../../solutions/05-key-to-partition.js";
import { checksOf } from "../checks.js";

const check = checksOf(solution);

export default [
  check.example(
    "bitcoin is in partition 0 of three",
    "partitionFor",
    ["bitcoin", 3, murmur2],
    0,
    "Kafka's own producer chose it in chapter 2.",
  ),
  check.example(
    "solana is in partition 1 of three",
    "partitionFor",
    ["solana", 3, murmur2],
    1,
    "A negative hash: % keeps its sign in JavaScript. Clear the sign bit first.",
  ),
  check.example(
    "with one partition there is no choice",
    "partitionFor",
    ["ethereum", 1, murmur2],
    0,
    "Any number modulo 1 is 0.",
  ),
  check.agrees(
    "for any key and any number of partitions",
    "partitionFor",
    fc.tuple(
      fc.string({ unit: "grapheme" }),
      fc.integer({ min: 1, max: 5_000 }),
      fc.constant(murmur2),
    ),
    "Hash the UTF-8 bytes, clear the sign bit (& 0x7fffffff), then take the remainder.",
  ),
];
