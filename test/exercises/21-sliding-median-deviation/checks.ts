import fc from "fast-check";
import * as solution from "../../../solutions/21-sliding-median-deviation.js";
import { checksOf } from "../checks.js";

const check = checksOf(solution);
const close = { tolerance: 1e-9 };

export default [
  check.example(
    "a value beside three",
    "robustScores",
    [[1, 2, 4, 10], 3],
    [8 / 1.4826],
    "Median 2, distances 1, 0 and 2, their median 1: (10 − 2) / (1.4826 × 1).",
    close,
  ),
  check.example(
    "beside an even number of values",
    "robustScores",
    [[1, 2, 4, 9, 0], 4],
    [-3 / (1.4826 * 1.5)],
    "The median of 1, 2, 4, 9 is 3; the distances 2, 1, 1, 6 have the median 1.5.",
    close,
  ),
  check.example(
    "no more values than the window: no scores",
    "robustScores",
    [[1, 2, 3], 3],
    [],
    "The first value with three before it would be the fourth.",
    close,
  ),
  check.example(
    "one wild value hides nothing",
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
    "where all are the same, the same is usual",
    "robustScores",
    [[5, 5, 5, 5], 3],
    [0],
    "0 / 0 is NaN: no score.",
    close,
  ),
  check.example(
    "and anything else is infinitely unusual",
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
    "Beside 0 and 2; beside 2 and 4; beside 4 and 8.",
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
