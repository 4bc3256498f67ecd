import fc from "fast-check";
import { expect, test } from "vitest";
import { BLANK, REASONS, parseEvent, parseFields, priceMessage } from "../labs/event.js";
import { formatTime } from "../labs/shared/time.js";
import { KNOWN_RECORDS, hostileRecords, shownValue } from "./support/hostile.js";

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

test("each hostile record is what the rule says", () => {
  for (const record of KNOWN_RECORDS) {
    const event = parseEvent(record.value?.toString() ?? "", record.timestampMs);
    const { verdict } = record;
    if (typeof verdict === "string") {
      expect(event, shownValue(record)).toBe(verdict);
      continue;
    }
    const { asset, priceUsd, eventTime } = verdict;
    expect(event, shownValue(record)).toMatchObject({
      asset,
      ...(priceUsd !== undefined && { priceUsd }),
      ...(eventTime !== undefined && { eventTimeMs: Date.parse(eventTime) }),
    });
  }
});

test("every reason is given to some known record and to some random one", () => {
  const known = new Set<unknown>(KNOWN_RECORDS.map(({ verdict }) => verdict));
  expect(Object.values(REASONS).filter((reason) => !known.has(reason))).toEqual([]);
  const random = new Set<string>(
    hostileRecords(1, 5_000).map(({ value, timestampMs }) => {
      const event = parseEvent(value?.toString() ?? "", timestampMs);
      return typeof event === "string" ? event : "an event";
    }),
  );
  const rare = new Set<string>([REASONS.tooLong, REASONS.notObject]);
  const common = [...Object.values(REASONS), "an event"].filter((each) => !rare.has(each));
  expect(common.filter((each) => !random.has(each))).toEqual([]);
});

test("an asset is empty exactly when trim leaves nothing of it", () => {
  const characters = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit));
  const differ = (text: string) => BLANK.test(text) !== (text.trim() === "");
  expect(characters.filter(differ)).toEqual([]);
});

test("escapes are Unicode exactly when the text that they write is", () => {
  const part = fc.constantFrom("\\ud83e", "\\uDE99", "\\\\", '\\"', "\\u0041", "ud83e", "x", "\\n");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const escaped = `{"x":"${parts.join("")}"}`;
      const { x } = JSON.parse(escaped) as { x: string };
      // UTF-8 cannot have half a pair.
      const isUnicode = Buffer.from(x).toString() === x;
      expect(parseEvent(escaped, ARRIVAL_MS)).toBe(
        isUnicode ? REASONS.assetMissing : REASONS.notUnicode,
      );
    }),
    { numRuns: 2_000 },
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

test("a message is parsed as JSON.parse parses it, in its usual form or changed anywhere", () => {
  const text = fc.oneof(
    fc.string({ maxLength: 10 }),
    fc.constantFrom(
      "bitcoin",
      "2025-01-01T10:00:10Z",
      "\\n",
      "\\u0041",
      "\u0007",
      '\\"',
      "\t",
      "é",
    ),
  );
  const price = fc.oneof(
    fc.double().map(String),
    fc.constantFrom("0", "-0", "01", "1.", ".5", "1e5", "1E+5", "1e999", "+1", "null", '"1"'),
  );
  const usual = fc
    .tuple(text, price, text, fc.option(text))
    .map(
      ([asset, priceUsd, eventTime, arrival]) =>
        `{"asset":"${asset}","price_usd":${priceUsd},"event_time":"${eventTime}"${arrival === null ? "" : `,"arrival_time":"${arrival}"`}}`,
    );
  const changed = fc
    .tuple(usual, fc.nat(80), fc.constantFrom("", " ", '"', "\\", "}", "\n", "1", "x"))
    .map(([value, at, other]) => value.slice(0, at) + other + value.slice(at + 1));
  const outcome = (parse: (value: string) => unknown, value: string) => {
    try {
      return parse(value);
    } catch {
      return "not JSON";
    }
  };
  fc.assert(
    fc.property(fc.oneof(usual, changed), (value) => {
      expect(outcome(parseFields, value)).toEqual(outcome(JSON.parse, value));
    }),
    { numRuns: 5_000 },
  );
});
