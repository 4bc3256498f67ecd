import fc from "fast-check";
import * as solution from "../../../solutions/12-mean-and-deviation.js";
import { checksOf, wrong } from "../checks.js";

const check = checksOf(solution);

const accurate = { tolerance: 1e-9 };
/** Thousandths around a billion: what is left of them in a double is accurate to some parts of ten thousand. */
const PRICES = Array.from({ length: 1_000 }, (_, index) => 1e9 + ((index * 7919) % 1_000) / 1_000);

export default [
  check.example(
    "no values",
    "spreadOf",
    [[]],
    { count: 0, mean: 0, deviation: null },
    "By convention the mean is 0, and there is no deviation.",
  ),
  check.example(
    "one value",
    "spreadOf",
    [[5]],
    { count: 1, mean: 5, deviation: null },
    "One value does not spread: null, not 0.",
  ),
  check.example(
    "the sample deviation divides by n − 1",
    "spreadOf",
    [[2, 4, 4, 4, 5, 5, 7, 9]],
    { count: 8, mean: 5, deviation: Math.sqrt(32 / 7) },
    "√(32 / 7), not √(32 / 8).",
    accurate,
  ),
  check.example(
    "equal values do not spread",
    "spreadOf",
    [[0.1, 0.1, 0.1]],
    { count: 3, mean: 0.1, deviation: 0 },
    "Rounding must not lead to the root of a negative number, which is NaN.",
    accurate,
  ),
  check.agrees(
    "for any values",
    "spreadOf",
    fc.tuple(
      fc.oneof(
        fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { maxLength: 30 }),
        fc.array(fc.constantFrom(0, 1, 1, 68_340.12), { maxLength: 6 }),
      ),
    ),
    "Mean and sample deviation.",
    { tolerance: 1e-7 },
  ),
  check.scenario("prices around a billion that differ by thousandths", async (subject) => {
    const mean = PRICES.reduce((sum, price) => sum + (price - 1e9), 0) / PRICES.length;
    const squares = PRICES.reduce((sum, price) => sum + (price - 1e9 - mean) ** 2, 0);
    const right = Math.sqrt(squares / (PRICES.length - 1));
    const { deviation } = await subject.spreadOf(PRICES);
    if (deviation === null || !(Math.abs(deviation - right) < 1e-4 * right)) {
      throw wrong(
        "spreadOf(a thousand prices from 1,000,000,000 to 1,000,000,000.999)",
        `a deviation of ${right.toFixed(4)} or very near`,
        `a deviation of ${String(deviation)}`,
        "The squares of such prices use up all digits of a double: add squares of differences from the mean (Welford).",
      );
    }
  }),
  check.scenario("the values are read once", async (subject) => {
    let passes = 0;
    const once = {
      *[Symbol.iterator]() {
        if (++passes > 1) return;
        yield* [1, 2, 3];
      },
    };
    const { count, mean, deviation } = await subject.spreadOf(once);
    if (count !== 3 || mean !== 2 || deviation !== 1) {
      throw wrong(
        "spreadOf(1, 2, 3, which can be read once only)",
        "{ count: 3, mean: 2, deviation: 1 }",
        `{ count: ${count}, mean: ${mean}, deviation: ${String(deviation)} }`,
        "A stream can be read only once.",
      );
    }
  }),
];
