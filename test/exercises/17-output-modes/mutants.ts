import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "append-everything-final": [
    "What was final before is written again.",
    [
      "previousWatermarkMs < endMs && endMs <= watermarkMs",
      "(void previousWatermarkMs, endMs <= watermarkMs)",
    ],
  ],
  "complete-is-final": [
    "Complete has open windows too.",
    [
      'mode === "complete" || counts.get(endMs) !== count',
      `(
      (mode === "complete" && endMs <= watermarkMs) ||
      (mode !== "complete" && counts.get(endMs) !== count)
    )`,
    ],
  ],
  "end-must-be-passed": [
    "An end that the watermark reaches is final.",
    ["< endMs && endMs <=", "<= endMs && endMs <"],
  ],
  "update-is-everything": [
    "Rows that have not changed are no update.",
    ["get(endMs) !== count", "size >= 0"],
  ],
  "update-only-new": [
    "A window with more events has changed.",
    ["counts.get(endMs) !== count", "!counts.has(endMs)"],
  ],
  "update-only-old": [
    "A new window has changed too.",
    ["counts.get(endMs) !== count", "(counts.has(endMs) && counts.get(endMs) !== count)"],
  ],
};
