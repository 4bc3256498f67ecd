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
    "a field more does not matter",
    "parsePrice",
    [wire({ ...bitcoin, exchange: "x" })],
    parsed,
    "Producers may add fields; those who do not know them pass over them.",
  ),
  check.example(
    "what is not JSON is no price",
    "parsePrice",
    ['{"asset":"bitc'],
    null,
    "JSON.parse throws: a message that was cut short must not end the stream.",
  ),
  check.example(
    "JSON that is no object is no price",
    "parsePrice",
    ["null"],
    null,
    'null is JSON, and typeof null is "object".',
  ),
  check.example(
    "a price in quotes is no number",
    "parsePrice",
    [wire({ ...bitcoin, price_usd: "68340.12" })],
    null,
    "Guessing what a producer meant hides its mistake.",
  ),
  check.example(
    "a price of 0 is no price",
    "parsePrice",
    [wire({ ...bitcoin, price_usd: 0 })],
    null,
    "Above 0: a price of 0 makes every percentage change infinite.",
  ),
  check.example(
    "a number too large for JavaScript is no price",
    "parsePrice",
    ['{"asset":"bitcoin","price_usd":1e999,"event_time":"2025-01-01T10:00:10Z"}'],
    null,
    "1e999 is read as Infinity, which is no number of dollars.",
  ),
  check.example(
    "an asset of spaces is none",
    "parsePrice",
    [wire({ ...bitcoin, asset: "  " })],
    null,
    "There must be something in it that one can read.",
  ),
  check.example(
    "a time without a zone is none",
    "parsePrice",
    [wire({ ...bitcoin, event_time: "2025-01-01T10:00:10" })],
    null,
    "Without a Z the time would be the reader's local one.",
  ),
  check.agrees(
    "whatever comes is a price or null, never an error",
    "parsePrice",
    fc.tuple(message),
    "Anything may come over a network.",
  ),
];
