import fc from "fast-check";
import * as solution from "../../../solutions/08-tumbling-window.js";
import { checksOf } from "../checks.js";

const check = checksOf(solution);

export default [
  check.example(
    "a time within a window",
    "windowStart",
    [90_000, 60_000],
    60_000,
    "The second minute began at 60,000.",
  ),
  check.example(
    "the start belongs to the window",
    "windowStart",
    [60_000, 60_000],
    60_000,
    "start ≤ t.",
  ),
  check.example(
    "the end does not",
    "windowStart",
    [119_999, 60_000],
    60_000,
    "One millisecond before the end is still inside.",
  ),
  check.example(
    "before 1970 too",
    "windowStart",
    [-1, 60_000],
    -60_000,
    "−1 is in the window that ends at 0: round down, not towards zero.",
  ),
  check.example(
    "a start before 1970 belongs to its window",
    "windowStart",
    [-60_000, 60_000],
    -60_000,
    "start ≤ t holds here, too.",
  ),
  check.example(
    "a window need not divide the hour",
    "windowStart",
    [1735725610000, 7_000],
    1735725607000,
    "Windows begin at multiples of their length since the epoch.",
  ),
  check.agrees(
    "for any time and window",
    "windowStart",
    fc.tuple(
      fc.integer({ min: -4_000_000_000_000, max: 4_000_000_000_000 }),
      fc.integer({ min: 1, max: 90_000_000 }),
    ),
    "The largest multiple of the window that is not after the time.",
  ),
];
