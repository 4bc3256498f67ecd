import fc from "fast-check";
import { expect, test } from "vitest";
import { parseEvent, priceMessage } from "../labs/event.js";
import { formatTime } from "../labs/time.js";

const ARRIVAL_MS = Date.parse("2025-01-01T10:00:11Z");
const GOOD = { asset: "bitcoin", price_usd: 68_340.12, event_time: "2025-01-01T10:00:10Z" };
const parse = (fields: object) => parseEvent(JSON.stringify(fields), ARRIVAL_MS);

test("a valid message is an event, whatever other fields it has", () => {
  const event = {
    asset: "bitcoin",
    priceUsd: 68_340.12,
    eventTimeMs: Date.parse("2025-01-01T10:00:10Z"),
  };
  expect(parse(GOOD)).toEqual(event);
  expect(parse({ ...GOOD, volume: 3, arrival_time: "2025-01-01T10:00:11Z" })).toEqual(event);
});

test("each kind of bad message is rejected with its own reason", () => {
  const cases: [string, RegExp][] = [
    ["", /not JSON/],
    ['{"asset":"bitcoin","price_usd":68340.12,"event_ti', /not JSON/],
    ['{"asset":"bitcoin","price_usd":NaN,"event_time":"2025-01-01T10:00:10Z"}', /not JSON/],
    ["null", /not a JSON object: null/],
    ["[]", /not a JSON object/],
    ["3", /not a JSON object: 3/],
  ];
  const fields: [object, RegExp][] = [
    [{ ...GOOD, asset: undefined }, /asset is missing/],
    [{ ...GOOD, asset: "" }, /asset is empty/],
    [{ ...GOOD, asset: "  " }, /asset is empty/],
    [{ ...GOOD, asset: 7 }, /asset is not a string: 7/],
    [{ ...GOOD, asset: "x".repeat(100_000) }, /asset is 100000 characters long, at most 128/],
    [{ ...GOOD, price_usd: undefined }, /price_usd is missing/],
    [{ ...GOOD, price_usd: "68340.12" }, /price_usd is not a number: "68340.12"/],
    [{ ...GOOD, price_usd: null }, /price_usd is not a number: null/],
    [{ ...GOOD, price_usd: 0 }, /price_usd is not above 0: 0/],
    [{ ...GOOD, price_usd: -1 }, /price_usd is not above 0: -1/],
    [{ ...GOOD, price_usd: 1e12 }, /price_usd is not below 1e12/],
    [{ ...GOOD, event_time: undefined }, /event_time is missing/],
    [{ ...GOOD, event_time: "yesterday" }, /event_time is not .*"yesterday"/],
    [{ ...GOOD, event_time: 1_735_725_610 }, /event_time is not/],
    [{ ...GOOD, event_time: "2025-01-02T10:00:11.001Z" }, /more than a day ahead of arrival/],
    [{ ...GOOD, arrival_time: "soon" }, /arrival_time is not/],
  ];
  for (const [value, reason] of [
    ...cases,
    ...fields.map(([each, why]) => [JSON.stringify(each), why] as const),
  ]) {
    expect(parseEvent(value, ARRIVAL_MS), value.slice(0, 80)).toMatch(reason);
  }
  expect(
    parseEvent('{"asset":"a","price_usd":1e999,"event_time":"2025-01-01T10:00:10Z"}', 0),
  ).toMatch(/price_usd is not below 1e12/);
  expect(parse({ ...GOOD, event_time: "2025-01-02T10:00:11.000Z" })).toBeTypeOf("object");
});

test("reasons stay short, however long the message is", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (asset, price_usd, event_time) => {
      const result = parse({ asset, price_usd, event_time, filler: "x".repeat(10_000) });
      if (typeof result === "string") expect(result.length).toBeLessThan(160);
    }),
  );
});

test("no text makes the parser throw", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (value) => {
      parseEvent(value, ARRIVAL_MS);
    }),
  );
});

test("a price message parses back to its event", () => {
  const asset = fc.string({ minLength: 1, maxLength: 128 }).filter((name) => name.trim() !== "");
  const price = fc.double({ min: 1e-12, max: 1e11, noNaN: true });
  const time = fc.integer({ min: 0, max: ARRIVAL_MS });
  fc.assert(
    fc.property(asset, price, time, (name, priceUsd, eventTimeMs) => {
      const { value } = priceMessage(name, priceUsd, formatTime(eventTimeMs), eventTimeMs);
      expect(parseEvent(value, eventTimeMs)).toEqual({ asset: name, priceUsd, eventTimeMs });
    }),
  );
});
