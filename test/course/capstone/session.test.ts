import fc from "fast-check";
import { expect, test } from "vitest";
import {
  MAX_LATENESS_MS,
  OPENED_MS,
  SILENCE_MS,
  VENUES,
  allMessages,
  generateSession,
  type FeedMessage,
} from "../../../labs/course/capstone/session.js";
import { parseMessage } from "../../../solutions/capstone/message.js";

// The session keeps what the capstone's README promises about the feed, for every seed.

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const forEverySeed = (check: (messages: FeedMessage[], seed: number) => void) =>
  fc.assert(
    fc.property(seeds, (seed) => check(allMessages(generateSession(seed)), seed)),
    { numRuns: 5 },
  );

test("the same seed gives the same messages, another one others", () => {
  const texts = (seed: number) => allMessages(generateSession(seed)).map(({ text }) => text);
  expect(texts(5)).toEqual(texts(5));
  expect(texts(5)).not.toEqual(texts(6));
});

test("each venue numbers its messages without gaps, sends them in order, and ends", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const { messages } = generateSession(seed);
      for (const venue of VENUES) {
        const own = messages[venue];
        expect(own.map(({ sequence }) => sequence)).toEqual(own.map((_, index) => index + 1));
        const times = own.map(({ sentMs }) => sentMs);
        expect(times).toEqual([...times].sort((a, b) => a - b));
        expect(own.findIndex(({ kind }) => kind === "end")).toBe(own.length - 1);
      }
    }),
    { numRuns: 5 },
  );
});

test("a parser written from the documentation finds the trades, and rejects the invalid ones", () => {
  forEverySeed((messages) => {
    for (const { kind, text, trade } of messages) {
      if (kind === "invalid") expect(() => parseMessage(text), text).toThrow();
      else if (trade === undefined) expect(parseMessage(text).trade).toBeUndefined();
      else {
        expect(parseMessage(text).trade).toEqual({
          venue: trade.venue,
          trade_id: trade.tradeId,
          asset: trade.asset,
          side: trade.side,
          price: trade.price,
          quantity: trade.quantity,
          trade_time: trade.tradeTimeMs,
        });
      }
    }
  });
});

test("the lateness of a trade is its distance to the latest one before it, and never near the limit", () => {
  forEverySeed((messages) => {
    for (const venue of VENUES) {
      const trades = messages.filter((each) => each.venue === venue && each.trade !== undefined);
      for (const [index, { kind, trade, lateMs }] of trades.entries()) {
        if (kind === "trade") expect(lateMs <= MAX_LATENESS_MS || lateMs > 20 * 60_000).toBe(true);
        if (index === 0 || index % 50 !== 0) continue;
        const before = trades.slice(0, index).map((each) => each.trade!.tradeTimeMs);
        expect(lateMs).toBe(Math.max(0, Math.max(...before) - trade!.tradeTimeMs));
      }
    }
  });
});

test("every kind of dirt is in every session", () => {
  forEverySeed((messages, seed) => {
    const count = (is: (message: FeedMessage) => boolean) => messages.filter(is).length;
    const why = `seed ${seed}`;
    expect(
      count(({ kind }) => kind === "invalid"),
      why,
    ).toBeGreaterThan(30);
    expect(
      count(({ kind }) => kind === "repeated"),
      why,
    ).toBeGreaterThan(50);
    const isLate = ({ kind, lateMs }: FeedMessage) => kind === "trade" && lateMs > 20_000;
    const isVeryLate = (message: FeedMessage) =>
      isLate(message) && message.lateMs > MAX_LATENESS_MS;
    expect(
      count((message) => isLate(message) && !isVeryLate(message)),
      why,
    ).toBeGreaterThan(100);
    expect(count(isVeryLate), why).toBeGreaterThan(5);
    const ids = (venue: string) =>
      new Set(messages.flatMap(({ trade }) => (trade?.venue === venue ? [trade.tradeId] : [])));
    const meridian = ids("meridian");
    const shared = [...ids("northgate")].filter((id) => meridian.has(id));
    expect(shared.length, why).toBeGreaterThan(1_000);
    expect(
      count(({ sentMs }) => sentMs < OPENED_MS),
      why,
    ).toBeGreaterThan(300);
  });
});

test("a trade is sent again within ten minutes, and nothing is sent in the silence", () => {
  forEverySeed((messages) => {
    const firstMs = new Map<string, number>();
    for (const { trade, sentMs, kind } of messages) {
      expect(sentMs < SILENCE_MS[0] || sentMs >= SILENCE_MS[1]).toBe(true);
      if (trade === undefined) continue;
      const key = `${trade.venue} ${trade.tradeId}`;
      expect(firstMs.has(key)).toBe(kind === "repeated");
      firstMs.set(key, firstMs.get(key) ?? sentMs);
      expect(sentMs - firstMs.get(key)!).toBeLessThan(600_000);
    }
  });
});
