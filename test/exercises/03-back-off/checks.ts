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
    "One half of the ceiling is always waited.",
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
    "1,000, 2,000, 4,000, 8,000: the fourth, and half of it.",
    close,
  ),
  check.example(
    "it ends at a minute",
    "waitBeforeRetryMs",
    [7, null, 0],
    30_000,
    "The ceiling is 60,000 from the seventh attempt on (64,000 would be too much).",
    close,
  ),
  check.example(
    "it ends at a minute after a thousand attempts too",
    "waitBeforeRetryMs",
    [2_000, null, 0],
    30_000,
    "2 ** 1999 is Infinity in JavaScript; the minimum comes after it.",
    close,
  ),
  check.example(
    "a longer wait that the server asks for is kept",
    "waitBeforeRetryMs",
    [1, 30_000, 0.9],
    30_000,
    "Retry-After is an order, not a hint.",
    close,
  ),
  check.example(
    "even beyond a minute",
    "waitBeforeRetryMs",
    [1, 300_000, 0],
    300_000,
    "The ceiling is ours; the server's wish goes before it.",
    close,
  ),
  check.example(
    "a shorter one does not shorten ours",
    "waitBeforeRetryMs",
    [5, 1_000, 0],
    8_000,
    "The server says how long at least.",
    close,
  ),
  check.agrees(
    "for any attempt, wish and chance",
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
