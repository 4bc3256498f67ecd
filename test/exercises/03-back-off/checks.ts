import fc from "fast-check";
import * as solution from "../../../solutions/03-back-off.js";
import { checksOf } from "../checks.js";

const check = checksOf(solution);

const close = { tolerance: 1e-12 };
export default [
  check.example(
    "the first retry waits from half a second to one",
    "waitBeforeRetryMs",
    [1, null, 0],
    500,
    "Half of the ceiling is always waited.",
    close,
  ),
  check.example(
    "jitter is added to the half",
    "waitBeforeRetryMs",
    [1, null, 0.5],
    750,
    "500 + 0.5 × 500.",
    close,
  ),
  check.example(
    "the ceiling doubles",
    "waitBeforeRetryMs",
    [4, null, 0],
    4_000,
    "Ceilings are 1,000, 2,000, 4,000, 8,000: half of the fourth.",
    close,
  ),
  check.example(
    "the ceiling is at most a minute",
    "waitBeforeRetryMs",
    [7, null, 0],
    30_000,
    "The ceiling is 60,000 from the seventh attempt on (64,000 would be too much).",
    close,
  ),
  check.example(
    "the ceiling is a minute after a thousand attempts, too",
    "waitBeforeRetryMs",
    [2_000, null, 0],
    30_000,
    "2 ** 1999 is Infinity in JavaScript: limit the ceiling before you multiply.",
    close,
  ),
  check.example(
    "a longer wait that the server asks for is respected",
    "waitBeforeRetryMs",
    [1, 30_000, 0.9],
    30_000,
    "Retry-After is an order, not a hint.",
    close,
  ),
  check.example(
    "even if it is longer than a minute",
    "waitBeforeRetryMs",
    [1, 300_000, 0],
    300_000,
    "The ceiling limits only our own wait, not the server's.",
    close,
  ),
  check.example(
    "a shorter one does not shorten our wait",
    "waitBeforeRetryMs",
    [5, 1_000, 0],
    8_000,
    "Retry-After is a minimum.",
    close,
  ),
  check.agrees(
    "for any attempt, Retry-After and random number",
    "waitBeforeRetryMs",
    fc.tuple(
      fc.integer({ min: 1, max: 40 }),
      fc.option(fc.nat(200_000)),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
    ),
    "max(ceiling / 2 + random × ceiling / 2, Retry-After).",
    close,
  ),
];
