import { Ajv } from "ajv";
import avro from "avsc";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
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
    asset: fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("", " \n", "a".repeat(129))),
    price_usd: fc.oneof(fc.double(), fc.constantFrom(0, -0, NaN, 1e12, 5e-324)),
    event_time: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer(), LONG),
  });
  const arrivalMs = 1_000_000_000_000;
  /** The years that ISO-8601 can write: 0 to 9999. */
  const [FIRST_MS, END_MS] = [-62_167_219_200_000, 253_402_300_800_000];
  await fc.assert(
    fc.asyncProperty(fields, async ({ asset, price_usd, event_time }) => {
      const bytes = await registry.written(await priceEventSchema(), {
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
  const versions = priceEventVersions(await priceEventSchema());
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
  const renamed = (await priceEventSchema()).replace('"price_usd"', '"cost"');
  const other = await registry.written(renamed, { asset: "bitcoin", cost: 1, event_time: 2 });
  expect(await read(other)).toBe(SCHEMA_REASONS.schemaUnreadable);
  const notOurs = await registry.written('"string"', "text");
  expect(await read(notOurs)).toBe(SCHEMA_REASONS.schemaUnreadable);
});

test("an unknown id is looked up once for the records that are in the log, and again for later ones", async () => {
  const registry = memoryRegistry();
  const { decoder } = await openPriceFormat("avro", registry, ROOT);
  const schema = JSON.stringify({
    ...(JSON.parse(await priceEventSchema()) as object),
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

test("the JSON Schema accepts what the lab accepts, and rejects nothing else but by time and blank names", async () => {
  const isTime = (text: string) => !Number.isNaN(parseTimeMs(text));
  const ajv = new Ajv({ strictTypes: false, formats: { "date-time": isTime } });
  const isValid = ajv.compile(JSON.parse(await priceEventSchema("json-schema")) as object);
  let accepted = 0;
  for (const { value, timestampMs } of hostileMessages(8)) {
    const event = parseEvent(value, timestampMs);
    if (typeof event !== "string") {
      accepted++;
      expect(isValid(JSON.parse(value)), `${value}: ${ajv.errorsText(isValid.errors)}`).toBe(true);
    }
  }
  expect(accepted).toBeGreaterThan(200);
});

test("Avro takes the bytes of any schema of the lab as it is registered", async () => {
  const schema = JSON.parse(await priceEventSchema()) as avro.Schema;
  expect(
    avro.Type.forSchema(schema)
      .toBuffer({ asset: "a", price_usd: 1, event_time: 0 })
      .toString("hex"),
  ).toBe("0261000000000000f03f00");
});
