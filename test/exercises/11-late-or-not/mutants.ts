import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "0-is-none": ["A watermark of 0 is one.", ["watermarkMs === null", "!watermarkMs"]],
  "all-or-nothing": [
    "Late for one window is not late for all.",
    [
      "filter((start) => watermarkMs === null || start + windowMs > watermarkMs)",
      `every((start) => watermarkMs === null || start + windowMs > watermarkMs)
    ? [...starts]
    : []`,
    ],
  ],
  "by-the-start": ["A window is open until its end.", ["+ windowMs ", ""]],
  "end-at-the-watermark-is-open": [
    "A window is final when the watermark reaches its end.",
    ["windowMs > watermarkMs", "windowMs >= watermarkMs"],
  ],
  "nothing-before-a-watermark": [
    "Before the first batch is done all windows are open.",
    ["=== null ||", "!== null &&"],
  ],
};
