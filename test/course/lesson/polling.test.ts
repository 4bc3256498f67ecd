import fc from "fast-check";
import { expect, test } from "vitest";
import type { ObservedEvent } from "../../../labs/event.js";
import { pollRecorded, pollingCost } from "../../../labs/course/lesson/polling.js";

const stream = fc
  .array(
    fc.record({ gapMs: fc.nat(5_000), lateMs: fc.nat(300), price: fc.integer({ min: 1, max: 4 }) }),
    {
      minLength: 1,
      maxLength: 60,
    },
  )
  .map((steps) => {
    let arrivalTimeMs = 1_000_000;
    return steps.map(({ gapMs, lateMs, price }): ObservedEvent => {
      arrivalTimeMs += gapMs;
      return { asset: "a", priceUsd: price, arrivalTimeMs, eventTimeMs: arrivalTimeMs - lateMs };
    });
  });

test("a poll is told the last price that had arrived when the server looked", () => {
  fc.assert(
    fc.property(
      stream,
      fc.integer({ min: 50, max: 4_000 }),
      fc.nat(4_000),
      (events, everyMs, cacheMs) => {
        const beginMs = events[0]!.arrivalTimeMs;
        for (const poll of pollRecorded(events, { everyMs, cacheMs })) {
          const sinceBegin = poll.pollTimeMs - beginMs;
          const looked = cacheMs === 0 ? sinceBegin : sinceBegin - (sinceBegin % cacheMs);
          const known = events.filter(({ arrivalTimeMs }) => arrivalTimeMs - beginMs <= looked);
          expect(poll.priceUsd).toBe(known.at(-1)!.priceUsd);
          expect(poll.eventTimeMs).toBe(known.at(-1)!.eventTimeMs);
        }
      },
    ),
  );
});

test("polls are at a fixed interval from the first arrival to the last", () => {
  fc.assert(
    fc.property(stream, fc.integer({ min: 50, max: 4_000 }), (events, everyMs) => {
      const polls = pollRecorded(events, { everyMs });
      const [beginMs, endMs] = [events[0]!.arrivalTimeMs, events.at(-1)!.arrivalTimeMs];
      expect(polls.map(({ pollTimeMs }) => pollTimeMs)).toEqual(
        Array.from(
          { length: Math.floor((endMs - beginMs) / everyMs) + 1 },
          (_, i) => beginMs + i * everyMs,
        ),
      );
    }),
  );
});

test("a repeated answer is the observation of the poll before; new ones are never more than events", () => {
  fc.assert(
    fc.property(stream, fc.integer({ min: 50, max: 4_000 }), (events, everyMs) => {
      const polls = pollRecorded(events, { everyMs });
      const { requests, repeated, moves, missedMoves } = pollingCost(events, polls);
      expect(requests - repeated).toBeLessThanOrEqual(events.length);
      expect(missedMoves).toBeGreaterThanOrEqual(0);
      expect(missedMoves).toBeLessThanOrEqual(moves);
    }),
  );
});

test("who polls as often as one looks misses nothing and is never wrong", () => {
  const events = [0, 1_000, 2_000, 3_000].map((ms, index): ObservedEvent => ({
    asset: "a",
    priceUsd: index + 1,
    eventTimeMs: ms,
    arrivalTimeMs: ms,
  }));
  const fast = pollingCost(events, pollRecorded(events, { everyMs: 100 }));
  expect(fast).toMatchObject({ moves: 3, missedMoves: 0, meanStalenessMs: 0, worstErrorUsd: 0 });
  const slow = pollingCost(events, pollRecorded(events, { everyMs: 2_000 }));
  expect(slow).toMatchObject({ requests: 2, moves: 3, missedMoves: 2, worstErrorUsd: 1 });
});
