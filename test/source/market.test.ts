import { expect, test } from "vitest";
import { parseEvent, type Message } from "../../labs/event.js";
import { market, type MarketOptions } from "../../labs/source/market.js";
import { eachMessage } from "../support/each-message.js";

async function all(options: MarketOptions): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of eachMessage(market(options))) {
    messages.push(message);
  }
  return messages;
}
const quiet = { disorderMs: 0, lateness: 0, duplicates: 0, malformed: 0, jumps: 0 };
const times = (messages: Message[]) =>
  messages.map(({ value }) => Date.parse((JSON.parse(value) as { event_time: string }).event_time));
const isGrowing = (numbers: number[]) =>
  numbers.every((number, index) => index === 0 || number >= numbers[index - 1]!);

test("the same seed gives the same bytes, another seed others", async () => {
  const options = { seed: 7, events: 5_000 };
  const first = JSON.stringify(await all(options));
  expect(JSON.stringify(await all(options))).toBe(first);
  expect(JSON.stringify(await all({ ...options, seed: 8 }))).not.toBe(first);
});

test("without its knobs the market is in order, valid and free of duplicates", async () => {
  const messages = await all({ seed: 1, events: 5_000, ...quiet });
  expect(isGrowing(times(messages))).toBe(true);
  for (const { value, timestampMs } of messages) {
    expect(parseEvent(value, timestampMs)).toBeTypeOf("object");
  }
});

test("each knob does what it says", async () => {
  const base = { seed: 1, events: 5_000, ...quiet };
  const lateness = (messages: Message[]) => {
    const eventTimes = times(messages);
    return messages.map(({ timestampMs }, index) => timestampMs - eventTimes[index]!);
  };
  const disorder = await all({ ...base, disorderMs: 5_000 });
  expect(isGrowing(times(disorder))).toBe(false);
  expect(Math.max(...lateness(disorder))).toBeLessThanOrEqual(5_001);

  const late = lateness(await all({ ...base, lateness: 0.1, lateByMs: 60_000 }));
  const share = late.filter((ms) => ms > 1).length / late.length;
  expect(share).toBeGreaterThan(0.05);
  expect(share).toBeLessThan(0.15);

  const values = (await all({ ...base, duplicates: 0.1 })).map(({ value }) => value);
  const repeated = values.length - new Set(values).size;
  expect(repeated).toBeGreaterThan(300);
  expect(repeated).toBeLessThan(700);

  const malformed = await all({ ...base, malformed: 0.1 });
  const rejected = malformed.map(({ value, timestampMs }) => parseEvent(value, timestampMs));
  const reasons = rejected.filter((result) => typeof result === "string");
  expect(reasons.length).toBeGreaterThan(300);
  expect(reasons.length).toBeLessThan(700);
  expect(new Set(reasons.map((reason) => reason.split(" ").slice(0, 4).join())).size).toBe(6);
});

test("assets may be named or counted", async () => {
  const keys = async (assets: string[] | number) => {
    const messages = await all({ seed: 1, events: 3_000, assets, ...quiet });
    return new Set(messages.map(({ key }) => key));
  };
  expect(await keys(["a", "b"])).toEqual(new Set(["a", "b"]));
  expect((await keys(100)).size).toBe(100);
});
