import fc from "fast-check";
import * as solution from "../../../solutions/21-sliding-median-deviation.js";
import { checksOf } from "../checks.js";

const check = checksOf(solution);
const close = { tolerance: 1e-9 };

export default [
  check.example(
    "a value after three others",
    "robustScores",
    [[1, 2, 4, 10], 3],
    [8 / 1.4826],
    "Median 2, distances 1, 0 and 2, their median 1: (10 − 2) / (1.4826 × 1).",
    close,
  ),
  check.example(
    "a value after an even number of others",
    "robustScores",
    [[1, 2, 4, 9, 0], 4],
    [-3 / (1.4826 * 1.5)],
    "The median of 1, 2, 4, 9 is 3; the distances 2, 1, 1, 6 have the median 1.5.",
    close,
  ),
  check.example(
    "without more values than the window there are no scores",
    "robustScores",
    [[1, 2, 3], 3],
    [],
    "Only the fourth value would have three before it.",
    close,
  ),
  check.example(
    "one extreme value in the window does not matter",
    "robustScores",
    [[1, 2, 3, 4, 1_000, 50], 5],
    [47 / 1.4826],
    "Median 3, distances 2, 1, 0, 1, 997, their median 1. A mean would be 202.",
    close,
  ),
  check.example(
    "numbers are sorted as numbers",
    "robustScores",
    [[9, 10, 100, 1, 2, 20], 5],
    [11 / (1.4826 * 7)],
    "Median 9, distances 0, 1, 91, 8, 7, their median 7. sort() without a function compares texts: '10' < '9'.",
    close,
  ),
  check.example(
    "if all values are equal, the same value again has the score 0",
    "robustScores",
    [[5, 5, 5, 5], 3],
    [0],
    "0 / 0 is NaN, which is not a score.",
    close,
  ),
  check.example(
    "and any other value has an infinite score",
    "robustScores",
    [[5, 5, 7, 4], 3],
    [-Infinity],
    "Median 5, distances 0, 0 and 2: the MAD is 0. The sign tells the direction.",
    close,
  ),
  check.example(
    "the window slides",
    "robustScores",
    [[0, 2, 4, 8, 16], 2],
    [3 / 1.4826, 5 / 1.4826, 10 / (1.4826 * 2)],
    "The windows are 0 and 2, then 2 and 4, then 4 and 8.",
    close,
  ),
  check.agrees(
    "for any values and window",
    "robustScores",
    fc.tuple(
      fc.array(
        fc.oneof(
          fc.integer({ min: -20, max: 120 }),
          fc.integer({ min: -1_000, max: 1_000 }).map((each) => each / 8),
          fc.constantFrom(0, 68_340.12, 1e9),
        ),
        { maxLength: 14 },
      ),
      fc.integer({ min: 1, max: 7 }),
    ),
    "(value − median) / (1.4826 × MAD), both of the window before the value.",
    close,
  ),
];
