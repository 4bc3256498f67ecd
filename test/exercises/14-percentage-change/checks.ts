import fc from "fast-check";
import * as solution from "../../../solutions/14-percentage-change.js";
import { checksOf } from "../checks.js";
import { nearby, price } from "../domains.js";

const check = checksOf(solution);

const trade = (eventTimeMs: number, offset: number, priceUsd: number) => ({
  eventTimeMs,
  offset,
  priceUsd,
});
const trades = nearby(2, (eventTimeMs) =>
  fc
    .tuple(
      fc.array(fc.record({ eventTimeMs, priceUsd: price }), { maxLength: 8 }),
      fc.constantFrom(0, 7, 2 ** 31 - 2),
    )
    .chain(([some, begin]) =>
      fc.shuffledSubarray(
        some.map((each, index) => ({ ...each, offset: begin + index })),
        { minLength: some.length },
      ),
    ),
);
const close = { tolerance: 1e-12 };

export default [
  check.example(
    "up by ten percent",
    "percentageChange",
    [[trade(1, 0, 100), trade(2, 1, 110)]],
    10,
    "(110 − 100) / 100 × 100.",
    close,
  ),
  check.example(
    "in percent of the first price, not of the last",
    "percentageChange",
    [[trade(1, 0, 100), trade(2, 1, 50)]],
    -50,
    "(50 − 100) / 100 × 100.",
    close,
  ),
  check.example(
    "without events there is no change",
    "percentageChange",
    [[]],
    null,
    "The change is unknown, not 0.",
    close,
  ),
  check.example(
    "with one event the change is 0",
    "percentageChange",
    [[trade(1, 0, 100)]],
    0,
    "First and last are the same event.",
    close,
  ),
  check.example(
    "first and last by event time, not by arrival",
    "percentageChange",
    [[trade(2, 0, 110), trade(1, 1, 100)]],
    10,
    "The second event to arrive happened first.",
    close,
  ),
  check.example(
    "if times are equal, the smaller offset is first",
    "percentageChange",
    [[trade(1, 7, 120), trade(1, 3, 100)]],
    20,
    "100 comes before 120 in the partition.",
    close,
  ),
  check.example(
    "if times are equal, the larger offset is last",
    "percentageChange",
    [[trade(0, 1, 100), trade(1, 9, 130), trade(1, 4, 120)]],
    30,
    "130 comes after 120 in the partition.",
    close,
  ),
  check.agrees(
    "for any trades in any order",
    "percentageChange",
    fc.tuple(trades),
    "First and last are by event time, then by offset.",
    close,
  ),
];
