import fc from "fast-check";
import * as solution from "../../../solutions/11-late-or-not.js";
import { checksOf } from "../checks.js";
import { nearby } from "../domains.js";

const check = checksOf(solution);

export default [
  check.example(
    "without a watermark nothing is late",
    "openWindows",
    [[0, 20, 40], 60, null],
    [0, 20, 40],
    "Before the end of the first batch all windows are open.",
  ),
  check.example(
    "a window that ends at the watermark is closed",
    "openWindows",
    [[0, 20, 40], 60, 60],
    [20, 40],
    "The one from 0 ends at 60: an end that is not after the watermark.",
  ),
  check.example(
    "late for one window, in time for another",
    "openWindows",
    [[0, 20, 40], 60, 85],
    [40],
    "Ends are 60, 80 and 100.",
  ),
  check.example(
    "too late for all windows",
    "openWindows",
    [[0, 20, 40], 60, 100],
    [],
    "The last one ends at 100.",
  ),
  check.example(
    "the event's own time does not matter",
    "openWindows",
    [[0], 60, 59],
    [0],
    "Windows close, not events: the window is open until its end.",
  ),
  check.example(
    "0 is a watermark, not a missing one",
    "openWindows",
    [[-60, -30], 60, 0],
    [-30],
    "0 is not null, although both are false in an if.",
  ),
  check.agrees(
    "for any windows and watermark",
    "openWindows",
    nearby(100, (time) =>
      fc.tuple(
        fc.uniqueArray(time, { maxLength: 6 }).map((starts) => starts.sort((a, b) => a - b)),
        fc.integer({ min: 1, max: 100 }),
        fc.option(time),
      ),
    ),
    "A window is open if start + window > watermark.",
  ),
];
