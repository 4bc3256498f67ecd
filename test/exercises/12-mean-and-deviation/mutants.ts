import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "old-mean-twice": [
    "The square of the difference to the old mean is too large.",
    ["(value - mean)", "difference"],
  ],
  "one-value-spreads-by-0": [
    "Nobody knows the spread of one value.",
    [
      "{ count, mean, deviation: count < 2 ? null : Math.sqrt(squares / (count - 1)) ",
      `{
    count,
    mean,
    deviation: count === 0 ? null : Math.sqrt(squares / Math.max(1, count - 1)),
  `,
    ],
  ],
  population: [
    "Divides by n: the deviation of everything, not of a sample.",
    ["(count - 1)", "count"],
  ],
  "sum-of-squares": [
    "Nothing is left of it at a billion.",
    [
      `mean = 0;
  let squares = 0; // of the differences from the mean`,
      `sum = 0;
  let squares = 0;`,
    ],
    [
      `const difference = value - mean;
    mean += difference / count;
    squares += difference * (value - mean)`,
      `sum += value;
    squares += value * value`,
    ],
    [
      "return { count, mean, deviation: count < 2 ? null : Math.sqrt(squares / (count - 1)) }",
      `const mean = count === 0 ? 0 : sum / count;
  return {
    count,
    mean,
    deviation:
      count < 2 ? null : Math.sqrt(Math.max(0, squares - count * mean * mean) / (count - 1)),
  }`,
    ],
  ],
  "two-passes": [
    "A stream does not come back.",
    [
      `; // of the differences from the mean
  for (const value of values) {
    count++;
    const difference = value - mean;
    mean += difference / count;
    squares += difference * (value - mean);
  }`,
      `;
  for (const value of values) mean += (value - mean) / ++count;
  for (const value of values) squares += (value - mean) ** 2;`,
    ],
  ],
  variance: ["The root is missing.", ["Math.sqrt(squares / (count - 1))", "squares / (count - 1)"]],
};
