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
    "a repetition is left out",
    "withoutRepeats",
    [[bitcoin, bitcoin]],
    [bitcoin],
    "The poller asked twice, and nothing had changed.",
  ),
  check.example(
    "an observation of another asset in between does not matter",
    "withoutRepeats",
    [[bitcoin, ethereum, bitcoin, ethereum]],
    [bitcoin, ethereum],
    "Compare with the last one of the same asset.",
  ),
  check.example(
    "the same price at a later time is new",
    "withoutRepeats",
    [[bitcoin, { ...bitcoin, eventTimeMs: 2_000 }]],
    [bitcoin, { ...bitcoin, eventTimeMs: 2_000 }],
    "It says that the price still holds at the later time.",
  ),
  check.example(
    "another price at the same time is a correction",
    "withoutRepeats",
    [[bitcoin, { ...bitcoin, priceUsd: 101 }]],
    [bitcoin, { ...bitcoin, priceUsd: 101 }],
    "Only if both price and time are equal is it a repetition.",
  ),
  check.example(
    "a value that returns after another one is new",
    "withoutRepeats",
    [[bitcoin, { ...bitcoin, priceUsd: 101 }, bitcoin]],
    [bitcoin, { ...bitcoin, priceUsd: 101 }, bitcoin],
    "Compare only with the last one of the asset, not with all before.",
  ),
  check.agrees(
    "for any observations",
    "withoutRepeats",
    fc.tuple(observations),
    "Compare with the last observation of the same asset.",
  ),
];
