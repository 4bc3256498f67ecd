import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "0-is-nothing": ["A committed offset of 0 is one.", ["?? begin", "|| end"]],
  "from-zero": [
    "Records that were removed do not wait.",
    ["Math.max(committed ?? begin, begin)", "committed ?? 0"],
  ],
  "negative-partitions": [
    "A partition that seems ahead hides the lag of another.",
    ["return sum + Math.max(0, end - next)", "return sum + (end - next)"],
  ],
  "one-too-many": [
    "The committed offset is the next one, not the last one.",
    ["(0, end - next);", "(0, end - next + 1);"],
  ],
  "removed-ones-wait": [
    "The commit is older than the oldest record.",
    ["Math.max(committed ?? begin, begin)", "committed ?? begin"],
  ],
};
