import fc from "fast-check";
import { expect, test } from "vitest";
import { DETECTORS, emptyMemory, openDetector } from "../../labs/alert/detector.js";
import { naiveMedian } from "./naive.js";

const values = fc.array(
  fc.oneof(
    fc.double({ min: -0.01, max: 0.01, noNaN: true }),
    fc.constant(0),
    fc.double({ min: -1, max: 1, noNaN: true }),
  ),
  { minLength: 10, maxLength: 150 },
);
const window = fc.integer({ min: 4, max: 40 });

/** What is usual among the numbers before, by definition: center and one standard deviation. */
const REFERENCE = {
  robust(before: number[]): [number, number] {
    const median = naiveMedian(before);
    return [median, 1.4826 * naiveMedian(before.map((each) => Math.abs(each - median)))];
  },
  plain(before: number[]): [number, number] {
    const mean = before.reduce((sum, each) => sum + each, 0) / before.length;
    const squares = before.reduce((sum, each) => sum + (each - mean) ** 2, 0);
    return [mean, Math.sqrt(squares / (before.length - 1))];
  },
};

test.each(["robust", "plain"] as const)(
  "the %s score is that of its definition over the last numbers",
  (kind) => {
    fc.assert(
      fc.property(values, window, (all, size) => {
        const detector = openDetector(kind, size);
        for (const [index, value] of all.entries()) {
          const score = detector.score(value);
          const before = all.slice(Math.max(0, index - size), index);
          if (index < Math.ceil(size / 2)) {
            expect(score).toBeNull();
            continue;
          }
          const [center, deviation] = REFERENCE[kind](before);
          const expected = (value - center) / Math.max(deviation, 1e-5);
          expect(Math.abs(score! - expected)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(expected)));
        }
      }),
      { numRuns: 300 },
    );
  },
);

test("the ewma weighs the last numbers of a span with 86 %", () => {
  const detector = openDetector("ewma", 20);
  for (let step = 0; step < 400; step++) detector.score(0);
  const memory = emptyMemory();
  const moved = openDetector("ewma", 20, memory);
  for (let step = 0; step < 400; step++) moved.score(0);
  for (let step = 0; step < 20; step++) moved.score(1);
  expect(memory.mean).toBeGreaterThan(0.85);
  expect(memory.mean).toBeLessThan(0.88);
});

test.each(DETECTORS)(
  "a %s detector goes on from its saved memory as if it had never stopped",
  (kind) => {
    fc.assert(
      fc.property(values, window, fc.nat(), (all, size, cut) => {
        const whole = openDetector(kind, size);
        const expected = all.map((value) => whole.score(value));
        const memory = emptyMemory();
        const first = openDetector(kind, size, memory);
        const at = cut % all.length;
        const scores = all.slice(0, at).map((value) => first.score(value));
        const saved = JSON.parse(JSON.stringify(memory)) as typeof memory;
        const second = openDetector(kind, size, saved);
        scores.push(...all.slice(at).map((value) => second.score(value)));
        expect(scores).toEqual(expected); // to the last bit: alerts are products
      }),
      { numRuns: 200 },
    );
  },
);

test("one wild number hides the next one from the plain score, not from the robust one", () => {
  const calm = Array.from({ length: 40 }, (_, index) => 1e-4 * Math.sin(index * 12.9898));
  const scoreSecond = (kind: "robust" | "plain") => {
    const detector = openDetector(kind, 40);
    for (const value of calm) detector.score(value);
    detector.score(0.05);
    detector.score(0);
    return detector.score(0.02)!;
  };
  expect(scoreSecond("plain")).toBeLessThan(3);
  expect(scoreSecond("robust")).toBeGreaterThan(50);
});
