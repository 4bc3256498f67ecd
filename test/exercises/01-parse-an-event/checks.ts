import fc from "fast-check";
import * as solution from "../../../solutions/01-parse-an-event.js";
import { checksOf } from "../checks.js";

const check = checksOf(solution);

const wire = (fields: object) => JSON.stringify(fields);
const bitcoin = { asset: "bitcoin", price_usd: 68340.12, event_time: "2025-01-01T10:00:10Z" };
const parsed = { asset: "bitcoin", priceUsd: 68340.12, eventTimeMs: 1735725610000 };
/** Any JSON, and the fields of a price with anything in them. */
const message = fc.oneof(
  fc.string(),
  fc.json(),
  fc
    .record(
      {
        asset: fc.oneof(fc.string(), fc.constant("bitcoin"), fc.jsonValue()),
        price_usd: fc.oneof(fc.double(), fc.integer(), fc.string()),
        event_time: fc.oneof(
          fc
            .date({ noInvalidDate: true, min: new Date(0), max: new Date("2100") })
            .map((d) => d.toISOString()),
          fc.constantFrom("2025-01-01T10:00:10", "2025-01-01T10:00:10+02:00", "yesterdayZ", "Z"),
          fc.jsonValue(),
        ),
      },
      { requiredKeys: [] },
    )
    .map(wire),
);

export default [
  check.example(
    "a price is read",
    "parsePrice",
    [wire(bitcoin)],
    parsed,
    "This is the plain case.",
  ),
  check.example(
    "additional fields do not matter",
    "parsePrice",
    [wire({ ...bitcoin, exchange: "x" })],
    parsed,
    "Producers may add fields. Ignore those that you do not know.",
  ),
  check.example(
    "text that is not JSON is not a price",
    "parsePrice",
    ['{"asset":"bitc'],
    null,
    "JSON.parse throws: a message that was cut short must not end the stream.",
  ),
  check.example(
    "JSON that is not an object is not a price",
    "parsePrice",
    ["null"],
    null,
    'null is JSON, and typeof null is "object".',
  ),
  check.example(
    "a price in quotes is not a number",
    "parsePrice",
    [wire({ ...bitcoin, price_usd: "68340.12" })],
    null,
    "Guessing what a producer meant hides its mistake.",
  ),
  check.example(
    "a price of 0 is not valid",
    "parsePrice",
    [wire({ ...bitcoin, price_usd: 0 })],
    null,
    "Above 0: a price of 0 makes every percentage change infinite.",
  ),
  check.example(
    "a number too large for JavaScript is not a price",
    "parsePrice",
    ['{"asset":"bitcoin","price_usd":1e999,"event_time":"2025-01-01T10:00:10Z"}'],
    null,
    "JSON.parse reads 1e999 as Infinity, which is not an amount of dollars.",
  ),
  check.example(
    "an asset that is only spaces is not valid",
    "parsePrice",
    [wire({ ...bitcoin, asset: "  " })],
    null,
    "It must contain something other than spaces.",
  ),
  check.example(
    "a time without a zone is not valid",
    "parsePrice",
    [wire({ ...bitcoin, event_time: "2025-01-01T10:00:10" })],
    null,
    "Without a Z, each reader would take it for its own local time.",
  ),
  check.agrees(
    "any message gives a price or null, never an error",
    "parsePrice",
    fc.tuple(message),
    "Anything may arrive over a network.",
  ),
];
