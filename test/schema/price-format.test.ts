import { Ajv } from "ajv";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  REASONS,
  SCHEMA_REASONS,
  parseEvent,
  priceMessage,
  readEvent,
  textOf,
  valueOf,
  type Message,
} from "../../labs/event.js";
import { priceEventVersions } from "../../labs/course/lesson/price-event-versions.js";
import { openPriceFormat } from "../../labs/schema/price-format.js";
import { TIME_LIMIT_MS, priceEventSchema } from "../../labs/schema/formats.js";
import { addHeader } from "../../labs/schema/wire-format.js";
import { parseJson } from "../../labs/shared/json.js";
import { formatTime, parseTimeMs } from "../../labs/shared/time.js";
import { hostileRecords } from "../support/hostile.js";
import { memoryRegistry } from "../support/schema-registry.js";

const FORMATS = ["avro", "json-schema"] as const;
const ROOT = process.cwd();

/** Messages that are events, nearly events, and anything else. */
const hostileMessages = (seed: number): Message[] =>
  hostileRecords(seed, 3_000)
    .map(({ value, timestampMs }) => ({ key: "", value: value?.toString() ?? "", timestampMs }))
    .filter(({ value }) => !value.startsWith("\0"));

test.each(FORMATS)(
  "in %s a reader gets the same event as in JSON, or the same reason and the same text",
  async (format) => {
    const { encode, decoder } = await openPriceFormat(format, memoryRegistry(), ROOT);
    let encoded = 0;
    for (const message of hostileMessages(7)) {
      const { value, timestampMs } = encode(message);
      const expected = parseEvent(message.value, timestampMs);
      expect(await readEvent(value, timestampMs, decoder())).toEqual(expected);
      if (typeof expected === "string") expect(textOf(value)).toBe(message.value);
      else encoded++;
    }
    expect(encoded).toBeGreaterThan(200);
  },
);

test("an event decoded from Avro obeys the rules of JSON", async () => {
  const registry = memoryRegistry();
  const { decoder } = await openPriceFormat("avro", registry, ROOT);
  /** The times that the lab reads. */
  const LONG = fc.integer({ min: 1 - TIME_LIMIT_MS, max: TIME_LIMIT_MS - 1 });
  const fields = fc.record({
    asset: fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("", " \n", "a".repeat(129), "x\\ud800", "\\u0061"),
    ),
    price_usd: fc.oneof(fc.double(), fc.constantFrom(0, -0, NaN, 1e12, 5e-324)),
    event_time: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer(), LONG),
  });
  const arrivalMs = 1_000_000_000_000;
  /** The years that ISO-8601 can write: 0 to 9999. */
  const [FIRST_MS, END_MS] = [-62_167_219_200_000, 253_402_300_800_000];
  await fc.assert(
    fc.asyncProperty(fields, async ({ asset, price_usd, event_time }) => {
      const bytes = await registry.written(await priceEventSchema("avro"), {
        asset,
        price_usd,
        event_time,
      });
      const found = await readEvent(bytes, arrivalMs, decoder());
      fc.pre(event_time >= FIRST_MS && event_time < END_MS);
      const time = formatTime(event_time);
      // JSON has neither NaN nor Infinity, and writes a lone surrogate as an escape; both are then rejected for the same reason.
      const price = Number.isNaN(price_usd) ? -1 : Math.min(Math.max(price_usd, -1), 1e300);
      const { value } = priceMessage(asset, price, time, arrivalMs);
      const event = parseEvent(value, arrivalMs);
      expect(found).toEqual(event);
    }),
    { numRuns: 1_000 },
  );
});

test("a mixed topic: three versions, both formats and plain JSON among them give the same event", async () => {
  const registry = memoryRegistry();
  const [avroFormat, textFormat] = [
    await openPriceFormat("avro", registry, ROOT),
    await openPriceFormat("json-schema", registry, ROOT),
  ];
  const message = priceMessage("bitcoin", 94_000.5, "2025-01-01T10:00:00Z", 1_735_725_600_500);
  const expected = parseEvent(message.value, message.timestampMs);
  const row = {
    asset: "bitcoin",
    event_time: 1_735_725_600_000,
    venue: "northgate",
    event_id: "7",
  };
  const versions = priceEventVersions(await priceEventSchema("avro"));
  const values = [
    message.value,
    avroFormat.encode(message).value,
    textFormat.encode(message).value,
    ...(await Promise.all(
      versions.map((version) =>
        registry.written(JSON.stringify(version), { ...row, price_usd: 94_000.5, price: 94_000.5 }),
      ),
    )),
  ];
  for (const { decoder } of [avroFormat, textFormat]) {
    for (const value of values) {
      expect(await readEvent(value, message.timestampMs, decoder())).toEqual(expected);
    }
  }
  for (const value of values.slice(1)) {
    expect(await readEvent(value, message.timestampMs)).toBe(SCHEMA_REASONS.needsRegistry);
  }
});

test("what cannot be decoded has a reason", async () => {
  const registry = memoryRegistry();
  const { encode, decoder } = await openPriceFormat("avro", registry, ROOT);
  const read = async (bytes: Buffer) => readEvent(valueOf(bytes), 2e12, decoder());
  const bytes = encode(priceMessage("bitcoin", 1, "2025-01-01T10:00:00Z", 2e12)).value as Buffer;
  for (let length = 1; length < bytes.length; length++) {
    const expected = length < 5 ? SCHEMA_REASONS.headerTruncated : SCHEMA_REASONS.bytesDoNotFit;
    expect(await read(bytes.subarray(0, length)), `${length} bytes`).toBe(expected);
  }
  expect(await read(addHeader(77, bytes.subarray(5)))).toBe(SCHEMA_REASONS.schemaUnknown);
  const renamed = (await priceEventSchema("avro")).replace('"price_usd"', '"cost"');
  const other = await registry.written(renamed, { asset: "bitcoin", cost: 1, event_time: 2 });
  expect(await read(other)).toBe(SCHEMA_REASONS.schemaUnreadable);
  const notOurs = await registry.written('"string"', "text");
  expect(await read(notOurs)).toBe(SCHEMA_REASONS.schemaUnreadable);
});

test("an unknown id is looked up once for the records that are in the log, and again for later ones", async () => {
  const registry = memoryRegistry();
  const { decoder } = await openPriceFormat("avro", registry, ROOT);
  const schema = JSON.stringify({
    ...(JSON.parse(await priceEventSchema("avro")) as object),
    doc: "new",
  });
  const bytes = addHeader(2, Buffer.from("0261000000000000f03f00", "hex"));
  let asked = 0;
  const { schema: schemaOf } = registry;
  registry.schema = (id) => (asked++, schemaOf(id));
  const first = decoder();
  for (let round = 0; round < 3; round++) {
    expect(await first(bytes, 0)).toBe(SCHEMA_REASONS.schemaUnknown);
  }
  expect(asked).toBe(1);
  await registry.register("any", { type: "AVRO", text: schema });
  expect(await first(bytes, 0)).toBe(SCHEMA_REASONS.schemaUnknown);
  expect(await decoder()(bytes, 0)).toEqual({ asset: "a", priceUsd: 1, eventTimeMs: 0 });
  expect(await first(bytes, 0)).toEqual({ asset: "a", priceUsd: 1, eventTimeMs: 0 });
  expect(asked).toBe(2);
});

test("a registry that is away is an error, and no record is rejected for it", async () => {
  const registry = memoryRegistry();
  const { decoder } = await openPriceFormat("avro", registry, ROOT);
  registry.schema = () => Promise.reject(new Error("away"));
  const bytes = addHeader(77, Buffer.alloc(9));
  await expect((async () => decoder()(bytes, 0))()).rejects.toThrow("away");
});

test("the JSON Schema accepts what the lab accepts, and else only what it cannot express", async () => {
  const isTime = (text: string) => !Number.isNaN(parseTimeMs(text));
  const ajv = new Ajv({ strictTypes: false, formats: { "date-time": isTime } });
  const isValid = ajv.compile(JSON.parse(await priceEventSchema("json-schema")) as object);
  const inexpressible: unknown[] = [
    REASONS.notUnicode,
    REASONS.tooLong,
    REASONS.assetEmpty, // a name of white space
    REASONS.timeTooEarly,
    REASONS.timeTooLate,
  ];
  const counts = { accepted: 0, refused: 0 };
  for (const { value, timestampMs } of hostileMessages(8)) {
    const event = parseEvent(value, timestampMs);
    const content = parseJson(value);
    if (content === undefined || inexpressible.includes(event)) continue;
    const isAccepted = typeof event !== "string";
    expect(isValid(content), `${value}: ${ajv.errorsText(isValid.errors)}`).toBe(isAccepted);
    counts[isAccepted ? "accepted" : "refused"]++;
  }
  expect(Math.min(counts.accepted, counts.refused)).toBeGreaterThan(200);
});

test("schemas of which a few bytes could take hours to decode are not read, nor are times in other units", async () => {
  const registry = memoryRegistry();
  const { encode, decoder } = await openPriceFormat("avro", registry, ROOT);
  const text = await priceEventSchema("avro");
  const withField = (type: unknown) => {
    const schema = JSON.parse(text) as { fields: object[] };
    return JSON.stringify({ ...schema, fields: [...schema.fields, { name: "more", type }] });
  };
  const nothing = { type: "record", name: "Nothing", fields: [{ name: "none", type: "null" }] };
  const tree = {
    type: "record",
    name: "Tree",
    fields: [{ name: "branches", type: { type: "array", items: "Tree" } }],
  };
  const bombs = [
    withField({ type: "array", items: "null" }),
    withField({ type: "array", items: nothing }),
    withField(["null", { type: "map", values: { type: "array", items: "null" } }]),
    withField(tree),
    text.replace("timestamp-millis", "timestamp-micros"),
  ];
  const { value } = encode(priceMessage("bitcoin", 1, "2025-01-01T10:00:00Z", 2e12));
  const bytes = (value as Buffer).subarray(5);
  for (const schema of bombs) {
    const id = await registry.register("bomb", { type: "AVRO", text: schema });
    const items = Buffer.from("8080808080808008", "hex"); // 2⁵⁰ of them
    const record = addHeader(id, Buffer.concat([bytes, items]));
    expect(await decoder()(record, 2e12), schema).toBe(SCHEMA_REASONS.schemaUnreadable);
  }
  const harmless = withField({ type: "array", items: { type: "array", items: "string" } });
  const id = await registry.register("harmless", { type: "AVRO", text: harmless });
  expect(await decoder()(addHeader(id, Buffer.concat([bytes, Buffer.from([0])])), 2e12)).toEqual(
    parseEvent(priceMessage("bitcoin", 1, "2025-01-01T10:00:00Z", 2e12).value, 2e12),
  );
  const long = addHeader(id, Buffer.alloc(40_000));
  expect(await decoder()(long, 2e12)).toBe(SCHEMA_REASONS.valueTooLong);
});

test("what was met before is decoded without the registry", async () => {
  const registry = memoryRegistry();
  const format = await openPriceFormat("avro", registry, ROOT);
  const own = format.encode(priceMessage("a", 1, "2025-01-01T10:00:00Z", 2e12)).value as Buffer;
  const schema = JSON.stringify({
    ...(JSON.parse(await priceEventSchema("avro")) as object),
    doc: "2",
  });
  const id = await registry.register("other", { type: "AVRO", text: schema });
  const other = addHeader(id, own.subarray(5));
  registry.schema = () => Promise.reject(new Error("away"));
  expect(format.decodeKnown(own, 2e12)).toMatchObject({ asset: "a" });
  expect(format.decodeKnown(other, 2e12)).toBe(SCHEMA_REASONS.schemaUnknown);
  registry.schema = () => Promise.resolve({ type: "AVRO", text: schema });
  await format.decoder()(other, 2e12);
  expect(format.decodeKnown(other, 2e12)).toMatchObject({ asset: "a" });
});
