import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "distances-with-signs": [
    "The distances keep their sign, so that they cancel.",
    ["Math.abs(each - center)", "each - center"],
  ],
  "from-the-mean": [
    "It measures from the mean, which one wild value moves.",
    ["median(before)", "before.reduce((sum, each) => sum + each, 0) / before.length"],
  ],
  "lower-middle": [
    "Of an even number of values it takes the lower one in the middle.",
    [
      `const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2`,
      "return sorted[Math.floor((sorted.length - 1) / 2)]!",
    ],
  ],
  "mean-of-distances": [
    "It takes the mean of the distances.",
    [
      "= 1.4826 * median(before.map((each) => Math.abs(each - center)))",
      `=
      (1.4826 * before.reduce((sum, each) => sum + Math.abs(each - center), 0)) / before.length`,
    ],
  ],
  "no-spread-no-score": [
    "Where the deviation is 0 nothing is unusual.",
    ["value === center", "deviation === 0"],
  ],
  "not-scaled": [
    "It scores in median absolute deviations, not in standard deviations.",
    ["1.4826 * ", ""],
  ],
  "one-too-early": [
    "It begins with a window that is not full.",
    [
      `  return values.slice(window).map((value, index) => {
    const before = values.slice(index, index + window);`,
      `  return values.slice(window - 1).map((value, index) => {
    const before = values.slice(Math.max(0, index - 1), index + window - 1);`,
    ],
  ],
  "sorts-texts": ["It sorts numbers as texts.", ["(a, b) => a - b", ""]],
  "with-itself": [
    "The value is in its own window: what is unusual becomes usual.",
    [", index + window", " + 1, index + window + 1"],
  ],
  "without-sign": [
    "The score does not tell up from down.",
    ["? 0 : (value - center)", "? 0 : Math.abs(value - center)"],
  ],
  "zero-over-zero": [
    "Where all values are the same, the score is not a number.",
    ["value === center ? 0 : ", ""],
  ],
};
