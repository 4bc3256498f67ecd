import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "empty-names": ["A name of spaces cannot be read by anybody.", [".trim()", ""]],
  "local-time-without-a-zone": [
    "A time without a zone means another time on another machine.",
    ['" || !eventTime.endsWith("Z")', '"'],
  ],
  "null-is-an-object": [
    'typeof null is "object": null has no fields, so it throws.',
    ['" || fields === null', '"'],
  ],
  "takes-a-price-of-0": ["A price of 0 makes every percentage change infinite.", ["> 0", ">= 0"]],
  "takes-infinity": [
    "1e999 is valid JSON and becomes Infinity in JavaScript.",
    [") || !Number.isFinite(priceUsd)", ")"],
  ],
  "takes-prices-in-quotes": [
    "It guesses what the producer meant.",
    [
      'typeof priceUsd !== "number" || !(priceUsd > 0) || !Number.isFinite(priceUsd)',
      "!(Number(priceUsd) > 0) || !Number.isFinite(Number(priceUsd))",
    ],
    [", priceUsd, eventTimeMs", ", priceUsd: Number(priceUsd), eventTimeMs"],
  ],
  "throws-at-broken-json": [
    "A message that is cut short ends the stream.",
    [
      `try {
    fields = JSON.parse(message);
  } catch {
    return null;
  }`,
      "fields = JSON.parse(message);",
    ],
  ],
};
