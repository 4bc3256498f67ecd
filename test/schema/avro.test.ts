import avro from "avsc";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { PriceEvent } from "../../labs/event.js";
import { priceEventVersions } from "../../labs/course/lesson/price-event-versions.js";
import { priceEventAvro } from "../../labs/schema/avro.js";
import {} from "../../labs/schema/price-format.js";
import { priceEventSchema } from "../../labs/schema/formats.js";
import { LabError } from "../../labs/shared/errors.js";

const SCHEMA = await priceEventSchema("avro");
const VERSIONS = priceEventVersions(SCHEMA);
const own = priceEventAvro(SCHEMA);

const anyEvent: fc.Arbitrary<PriceEvent> = fc.record({
  asset: fc.string({ unit: "grapheme" }),
  priceUsd: fc.double({ noNaN: true }),
  eventTimeMs: fc.integer({ min: 1 - 2 ** 52, max: 2 ** 52 - 1 }),
});

test("an event is the same after it was encoded and decoded", () => {
  fc.assert(
    fc.property(anyEvent, (event) => {
      expect(own.readerOf(SCHEMA)(own.encode(event))).toEqual(event);
    }),
  );
});

test("the lab's reader reads what writers of all three versions wrote", () => {
  fc.assert(
    fc.property(anyEvent, fc.string(), fc.option(fc.string()), (event, venue, eventId) => {
      const { asset, priceUsd, eventTimeMs } = event;
      const row = { asset, price_usd: priceUsd, price: priceUsd, event_time: eventTimeMs };
      for (const version of VERSIONS) {
        const writer = avro.Type.forSchema(version as avro.Schema);
        const bytes = writer.toBuffer({ ...row, venue, event_id: eventId });
        expect(own.readerOf(JSON.stringify(version))(bytes)).toEqual(event);
      }
    }),
  );
});

test("a reader of the second version reads what the first wrote; bytes that follow are ignored", () => {
  const young = priceEventAvro(JSON.stringify(VERSIONS[1]));
  fc.assert(
    fc.property(anyEvent, fc.uint8Array(), (event, rest) => {
      const bytes = Buffer.concat([own.encode(event), rest]);
      expect(young.readerOf(SCHEMA)(bytes)).toEqual(event);
    }),
  );
});

test("bytes that are cut off, and times beyond 2⁵², are an error", () => {
  const read = own.readerOf(SCHEMA);
  const whole = own.encode({ asset: "bitcoin", priceUsd: 94_000.5, eventTimeMs: 1.7e12 });
  for (let length = 0; length < whole.length; length++) {
    expect(() => read(whole.subarray(0, length)), `${length} bytes`).toThrow(/do not fit/);
  }
  // The smallest long, and −2⁵² − 1.
  for (const long of ["ffffffffffffffffff01", "8180808080808010"]) {
    const odd = Buffer.concat([whole.subarray(0, 16), Buffer.from(long, "hex")]);
    expect(() => read(odd)).toThrow(LabError);
  }
});

test("a schema that renames a field without an alias cannot be read, and the error names the field", () => {
  const renamed = SCHEMA.replace('"price_usd"', '"cost"');
  expect(() => own.readerOf(renamed)).toThrow(/cannot be read.*price_usd/);
});

test("an event that does not fit the schema is not encoded", () => {
  const wrong = { asset: 7, priceUsd: 1, eventTimeMs: 2 } as unknown as PriceEvent;
  expect(() => own.encode(wrong)).toThrow(/does not fit the schema/);
});
