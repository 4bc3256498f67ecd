import fc from "fast-check";
import * as solution from "../../../solutions/09-sliding-windows.js";
import { checksOf } from "../checks.js";

const check = checksOf(solution);

const spec = fc
  .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }))
  .map(([a, b]) => ({ windowMs: Math.max(a, b), slideMs: Math.min(a, b) }));

export default [
  check.example(
    "a minute every twenty seconds: three windows",
    "windowStarts",
    [70_000, 60_000, 20_000],
    [20_000, 40_000, 60_000],
    "All windows that contain 70,000, in ascending order.",
  ),
  check.example(
    "with slide = window there is one window",
    "windowStarts",
    [70_000, 60_000, 60_000],
    [60_000],
    "Tumbling windows are sliding ones that do not overlap.",
  ),
  check.example(
    "a window that ends at the time does not contain it",
    "windowStarts",
    [60_000, 60_000, 20_000],
    [20_000, 40_000, 60_000],
    "The window from 0 ends at 60,000, which is not inside: t < end.",
  ),
  check.example(
    "a window that begins at the time contains it",
    "windowStarts",
    [0, 10, 5],
    [-5, 0],
    "start ≤ t.",
  ),
  check.example(
    "a slide that does not divide the window",
    "windowStarts",
    [10, 10, 4],
    [4, 8],
    "From 4 to 14 and from 8 to 18; the one from 0 ends at 10.",
  ),
  check.example(
    "before 1970",
    "windowStarts",
    [-1, 10, 5],
    [-10, -5],
    "Round down, not towards zero.",
  ),
  check.agrees(
    "for any window, slide and time",
    "windowStarts",
    fc
      .tuple(fc.integer({ min: -200, max: 200 }), spec)
      .map(([time, { windowMs, slideMs }]) => [time, windowMs, slideMs]),
    "Every multiple of the slide with start ≤ t < start + window.",
  ),
];
