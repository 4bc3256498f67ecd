import fc from "fast-check";
import { expect, test } from "vitest";
import type { PriceEvent } from "../../labs/event.js";
import { openPriceEventAvro, priceEventSchema } from "../../labs/schema/avro.js";
import { addHeader } from "../../labs/schema/wire-format.js";
import { LabError } from "../../labs/shared/errors.js";
import { memoryRegistry } from "../support/schema-registry.js";

// What Avro does with the bytes; test/services/schema-registry.test.ts asks a real registry.

const SCHEMA = await priceEventSchema();
const event: fc.Arbitrary<PriceEvent> = fc.record({
  asset: fc.string({ unit: "grapheme" }),
  priceUsd: fc.double({ noNaN: true }),
  eventTimeMs: fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
});

/** A version of the schema with other fields. */
const version = (change: (fields: { name: string }[]) => object[]) => {
  const schema = JSON.parse(SCHEMA) as { fields: { name: string }[] };
  return JSON.stringify({ ...schema, fields: change(schema.fields) });
};
const WITH_VENUE = version((fields) => [
  { name: "venue", type: "string", default: "unknown" },
  ...fields,
]);

test("an event is the same after it was encoded and decoded", async () => {
  const avro = await openPriceEventAvro(memoryRegistry(), "prices-value", SCHEMA);
  await fc.assert(
    fc.asyncProperty(event, async (each) => {
      expect(await avro.decode(avro.encode(each))).toEqual(each);
    }),
  );
});

test("old readers read what new writers wrote, and new readers what old ones wrote", async () => {
  const registry = memoryRegistry();
  const old = await openPriceEventAvro(registry, "prices-value", SCHEMA);
  const young = await openPriceEventAvro(registry, "prices-value", WITH_VENUE);
  await fc.assert(
    fc.asyncProperty(event, async (each) => {
      expect(await young.decode(old.encode(each))).toEqual(each);
    }),
  );
  const { avroBytes } = await registry.written(WITH_VENUE, {
    venue: "northgate",
    asset: "bitcoin",
    price_usd: 1,
    event_time: 2,
  });
  expect(await old.decode(avroBytes)).toEqual({ asset: "bitcoin", priceUsd: 1, eventTimeMs: 2 });
});

test("bytes that are cut off, too long, without a header or of an unknown schema are an error that says so", async () => {
  const registry = memoryRegistry();
  const avro = await openPriceEventAvro(registry, "prices-value", SCHEMA);
  const whole = avro.encode({ asset: "bitcoin", priceUsd: 94_000.5, eventTimeMs: 1.7e12 });
  const decode = async (bytes: Buffer) => avro.decode(bytes);
  for (let length = 0; length < whole.length; length++) {
    await expect(decode(whole.subarray(0, length)), `${length} bytes`).rejects.toThrow(LabError);
  }
  await expect(decode(Buffer.concat([whole, whole]))).rejects.toThrow(/do not fit schema 1/);
  await expect(decode(Buffer.from("{}      "))).rejects.toThrow("not Avro");
  await expect(decode(addHeader(77, Buffer.alloc(9)))).rejects.toThrow(/77/);
});

test("a schema that renames a field without an alias cannot be read, and the error names it", async () => {
  const registry = memoryRegistry();
  const avro = await openPriceEventAvro(registry, "prices-value", SCHEMA);
  const renamed = version((fields) =>
    fields.map((field) => (field.name === "price_usd" ? { ...field, name: "cost" } : field)),
  );
  const { avroBytes } = await registry.written(renamed, { asset: "a", cost: 1, event_time: 2 });
  await expect((async () => avro.decode(avroBytes))()).rejects.toThrow(/cannot be read.*price_usd/);
});

test("a value that does not fit the schema is not encoded", async () => {
  const avro = await openPriceEventAvro(memoryRegistry(), "prices-value", SCHEMA);
  const wrong = { asset: 7, priceUsd: 1, eventTimeMs: 2 } as unknown as PriceEvent;
  expect(() => avro.encode(wrong)).toThrow(/does not fit the schema/);
});
