import fc from "fast-check";
import { expect, test } from "vitest";
import { alarmsOf, judge, scoreReturns, withShocks } from "../../../labs/course/lesson/evaluate.js";
import { returnsOf } from "../../../labs/alert/returns.js";
import { seededRandom } from "../../../labs/source/market.js";

const random = seededRandom(4);
/** A quiet walk: a price a second. */
let logPrice = 0;
const quiet = Array.from({ length: 4_000 }, (_, second) => {
  logPrice += (random() - 0.5) * 1e-4;
  return { asset: "a", priceUsd: 100 * Math.exp(logPrice), eventTimeMs: second * 1_000 };
});

test("shocks move every price after them by their size, and nothing else", () => {
  const { events, shocks } = withShocks(quiet, {
    count: 8,
    size: 0.01,
    seed: 2,
    marginMs: 300_000,
  });
  expect(shocks).toHaveLength(8);
  let factor = 1;
  for (const [index, { eventTimeMs, priceUsd }] of events.entries()) {
    const before = events[index - 1]?.eventTimeMs ?? -Infinity;
    for (const { timeMs, size } of shocks) {
      if (timeMs > before && timeMs <= eventTimeMs) factor *= 1 + size;
    }
    expect(priceUsd / quiet[index]!.priceUsd).toBeCloseTo(factor, 12);
  }
  expect(shocks[0]!.timeMs).toBeGreaterThanOrEqual(300_000);
  expect(shocks.at(-1)!.timeMs).toBeLessThan(3_999_000 - 300_000);
});

test("a shock among quiet prices is found within its interval by every detector, and nothing else is", () => {
  const { events, shocks } = withShocks(quiet, {
    count: 4,
    size: 0.02,
    seed: 9,
    marginMs: 900_000,
  });
  for (const kind of ["robust", "plain", "ewma"] as const) {
    const scored = scoreReturns(events, kind, { everyMs: 10_000, window: 60 });
    const verdict = judge(alarmsOf(scored, 6), shocks, 10_000);
    expect(verdict, kind).toMatchObject({ alarms: 4, found: 4, precision: 1, recall: 1 });
  }
});

test("an alarm counts for one shock, and only after it and in time", () => {
  const shocks = [10, 20, 100].map((timeMs) => ({ timeMs, size: 1 }));
  expect(judge([9, 25, 131], shocks, 30)).toEqual({
    alarms: 3,
    found: 1,
    precision: 1 / 3,
    recall: 1 / 3,
    meanDelayMs: 15,
  });
  expect(judge([], shocks, 30)).toMatchObject({ precision: null, recall: 0, meanDelayMs: null });
});

test("returns are of the last prices of intervals, and over a gap they are brought to one interval", () => {
  const event = (eventTimeMs: number, priceUsd: number) => ({ asset: "a", priceUsd, eventTimeMs });
  const events = [
    ...[event(1_000, 90), event(9_999, 100)],
    ...[event(10_000, 105), event(19_000, 110), event(9_998, 1)], // the last one is too late
    event(55_000, 121), // nothing for three intervals
    event(60_000, 121),
  ];
  const returns = returnsOf(events, 10_000);
  expect(returns.map(({ endMs, priceUsd }) => [endMs, priceUsd])).toEqual([
    [20_000, 110],
    [60_000, 121],
  ]);
  expect(returns[0]!.value).toBeCloseTo(Math.log(1.1), 12);
  expect(returns[1]!.value).toBeCloseTo(Math.log(1.1) / 2, 12); // four intervals: divided by √4
});

test("no return comes before two intervals have ended, and none twice", () => {
  const times = fc.array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 60 });
  fc.assert(
    fc.property(times, (all) => {
      const ends = returnsOf(
        all.map((eventTimeMs) => ({ asset: "a", priceUsd: 1 + eventTimeMs, eventTimeMs })),
        10_000,
      ).map(({ endMs }) => endMs);
      expect(ends).toEqual([...new Set(ends)].sort((a, b) => a - b));
    }),
  );
});
