import fc from "fast-check";
import { expect, test } from "vitest";
import { sortedNumbers } from "../../labs/alert/median.js";
import { naiveMedian } from "./naive.js";

// Few different numbers, so that many are equal; and any.
const inputs = fc.oneof(
  fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 120 }),
  fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 120 }),
);

test("over a sliding window, median and median absolute deviation are those of sorting", () => {
  fc.assert(
    fc.property(inputs, fc.integer({ min: 1, max: 40 }), (values, window) => {
      const numbers = sortedNumbers();
      for (const [index, value] of values.entries()) {
        if (index >= window) numbers.remove(values[index - window]!);
        numbers.add(value);
        const inside = values.slice(Math.max(0, index - window + 1), index + 1);
        const median = naiveMedian(inside);
        expect(numbers.size).toBe(inside.length);
        expect(numbers.median() + 0).toBe(median + 0); // of −0 and 0 sorting keeps either first
        const deviation = naiveMedian(inside.map((each) => Math.abs(each - median)));
        expect(numbers.medianAbsoluteDeviation()).toBeCloseTo(deviation, 9);
      }
    }),
    { numRuns: 500 },
  );
});

test("nothing in it: no median; a number that is not in it cannot be taken out", () => {
  const numbers = sortedNumbers();
  expect(numbers.median()).toBeNaN();
  expect(numbers.medianAbsoluteDeviation()).toBeNaN();
  numbers.add(2);
  numbers.remove(3);
  expect(numbers.size).toBe(1);
  numbers.remove(2);
  expect(numbers.size).toBe(0);
});

test("a step over twenty thousand numbers compares about log n of them, not all", () => {
  // Counted, not timed: a number whose valueOf is a spy would be converted in each comparison.
  let compared = 0;
  const counted = (value: number) => ({ valueOf: () => (compared++, value) }) as unknown as number;
  const numbers = sortedNumbers();
  const size = 20_000;
  let seed = 7;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647);
  for (let index = 0; index < size; index++) numbers.add(counted(random()));
  compared = 0;
  const steps = 50;
  for (let step = 0; step < steps; step++) {
    numbers.add(counted(random()));
    numbers.medianAbsoluteDeviation();
  }
  // log2 of 20,000 is 14, and a step searches three times.
  expect(compared / steps).toBeLessThan(300);
});
