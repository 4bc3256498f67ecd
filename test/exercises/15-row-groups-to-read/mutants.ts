import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "0-is-unknown": ["A least value of 0 is a value.", ["min !== null &&", "min &&"]],
  "ends-left-out": [
    "Both ends belong to the range.",
    [
      `< from;
    const isAbove = min !== null && min >`,
      `<= from;
    const isAbove = min !== null && min >=`,
    ],
  ],
  "half-is-unknown": [
    "One of the two may be enough.",
    [
      `max < from;
    const isAbove =`,
      `min !== null && max < from;
    const isAbove = max !== null &&`,
    ],
  ],
  "only-if-the-range-is-inside": [
    "A group may hold a part of the range, or all of it and more.",
    [
      "return isBelow || isAbove ? [] : [index]",
      `(void isBelow, isAbove);
    return min !== null && max !== null && min <= from && to <= max ? [index] : []`,
    ],
  ],
  "reads-everything": [
    "Right, and for nothing: the statistics are there to be used.",
    ["return isBelow || isAbove ? [] :", "(void isBelow, isAbove); return"],
  ],
  "unknown-is-empty": [
    "What the footer does not say excludes nothing.",
    ["isAbove ? ", "isAbove || min === null || max === null ? "],
  ],
};
