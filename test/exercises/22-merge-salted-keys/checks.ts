import fc from "fast-check";
import type { PartialResult } from "../../../solutions/22-merge-salted-keys.js";
import * as solution from "../../../solutions/22-merge-salted-keys.js";
import { checksOf } from "../checks.js";

const check = checksOf(solution);

/** The partial result of some prices. */
function partOf(key: string, prices: readonly number[]): PartialResult {
  const count = prices.length;
  const mean = count === 0 ? 0 : prices.reduce((sum, price) => sum + price, 0) / count;
  const spread = prices.reduce((sum, price) => sum + (price - mean) ** 2, 0);
  return { key, count, mean, spread };
}

const close = { tolerance: 1e-9 };
const price = fc.oneof(
  fc.integer({ min: 0, max: 100 }),
  fc.double({ min: 0.000_01, max: 70_000, noNaN: true }),
  fc.constant(68_340.12),
);
const key = fc.constantFrom(
  "bitcoin",
  "bitcoin#0",
  "bitcoin#17",
  "ethereum#2",
  "constructor#1",
  "a#b#3",
  "#1",
  "Ω",
);
const part = fc
  .tuple(key, fc.array(price, { maxLength: 6 }))
  .map(([name, prices]) => partOf(name, prices));

export default [
  check.example(
    "parts of different size",
    "mergeSalted",
    [[partOf("bitcoin#0", [10, 10, 10]), partOf("bitcoin#1", [20])]],
    [{ asset: "bitcoin", count: 4, mean: 12.5, deviation: 5 }],
    "Weigh each mean by its count: (3 × 10 + 1 × 20) / 4.",
    close,
  ),
  check.example(
    "the spread between the parts counts, too",
    "mergeSalted",
    [[partOf("bitcoin#0", [10, 10]), partOf("bitcoin#1", [20, 20])]],
    [{ asset: "bitcoin", count: 4, mean: 15, deviation: Math.sqrt(100 / 3) }],
    "Both parts have no spread of their own, but their means differ: d² × n × m / (n + m).",
    close,
  ),
  check.example(
    "assets are not mixed, and are sorted",
    "mergeSalted",
    [[partOf("solana#1", [7]), partOf("bitcoin#1", [1]), partOf("solana#0", [9])]],
    [
      { asset: "bitcoin", count: 1, mean: 1, deviation: null },
      { asset: "solana", count: 2, mean: 8, deviation: Math.SQRT2 },
    ],
    "One entry for each asset, in the order of the names; one price has no deviation.",
    close,
  ),
  check.example(
    "a key without a salt is the asset itself",
    "mergeSalted",
    [[partOf("bitcoin", [4]), partOf("bitcoin#2", [6])]],
    [{ asset: "bitcoin", count: 2, mean: 5, deviation: Math.SQRT2 }],
    "Old records may still have the key without a salt.",
    close,
  ),
  check.example(
    "an asset may contain a #",
    "mergeSalted",
    [[partOf("a#b#1", [1]), partOf("a#c#1", [3])]],
    [
      { asset: "a#b", count: 1, mean: 1, deviation: null },
      { asset: "a#c", count: 1, mean: 3, deviation: null },
    ],
    "The salt begins at the last #.",
    close,
  ),
  check.example(
    "an empty part changes nothing",
    "mergeSalted",
    [[partOf("bitcoin#0", []), partOf("bitcoin#1", [5, 7]), partOf("ethereum#0", [])]],
    [{ asset: "bitcoin", count: 2, mean: 6, deviation: Math.SQRT2 }],
    "0 / 0 is NaN. An asset without prices has no entry.",
    close,
  ),
  check.agrees(
    "for any parts",
    "mergeSalted",
    fc.tuple(fc.array(part, { maxLength: 12 })),
    "Count, mean and deviation of all prices of an asset together.",
    { tolerance: 1e-6 },
  ),
];
