import fc from "fast-check";
import * as solution from "../../../solutions/04-repeated-observations.js";
import { checksOf } from "../checks.js";
import { asset, nearby } from "../domains.js";

const check = checksOf(solution);

const observations = nearby(1, (eventTimeMs) =>
  fc.array(fc.record({ asset, priceUsd: fc.constantFrom(0.000012, 1, 68_340.12), eventTimeMs }), {
    maxLength: 12,
  }),
);
const bitcoin = { asset: "bitcoin", priceUsd: 100, eventTimeMs: 1_000 };
const ethereum = { asset: "ethereum", priceUsd: 7, eventTimeMs: 1_000 };

export default [
  check.example(
    "the same again is left out",
    "withoutRepeats",
    [[bitcoin, bitcoin]],
    [bitcoin],
    "The poller has asked twice, and nothing has happened.",
  ),
  check.example(
    "another asset in between does not make it new",
    "withoutRepeats",
    [[bitcoin, ethereum, bitcoin, ethereum]],
    [bitcoin, ethereum],
    "Compare with the last one of the same asset.",
  ),
  check.example(
    "the same price at a later time is news",
    "withoutRepeats",
    [[bitcoin, { ...bitcoin, eventTimeMs: 2_000 }]],
    [bitcoin, { ...bitcoin, eventTimeMs: 2_000 }],
    "The market was looked at again, and the price is still so.",
  ),
  check.example(
    "another price at the same time is a correction",
    "withoutRepeats",
    [[bitcoin, { ...bitcoin, priceUsd: 101 }]],
    [bitcoin, { ...bitcoin, priceUsd: 101 }],
    "Both must be equal for a repetition.",
  ),
  check.example(
    "what comes back later is news",
    "withoutRepeats",
    [[bitcoin, { ...bitcoin, priceUsd: 101 }, bitcoin]],
    [bitcoin, { ...bitcoin, priceUsd: 101 }, bitcoin],
    "Compare with the last one only, not with all that ever were.",
  ),
  check.agrees(
    "for any observations",
    "withoutRepeats",
    fc.tuple(observations),
    "The last one of each asset decides.",
  ),
];
