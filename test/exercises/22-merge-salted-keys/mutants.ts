import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "average-of-averages": [
    "Parts of different size get the same weight.",
    [
      "mean: before.mean + (difference * count) / total,",
      "mean: before.count === 0 ? mean : (before.mean + mean) / 2,",
    ],
  ],
  "spreads-added": [
    "The distance between the means of the parts is left out.",
    [" + (difference ** 2 * before.count * count) / total", ""],
  ],
  "first-hash": ["The asset is cut at its first #.", ['key.lastIndexOf("#")', 'key.indexOf("#")']],
  population: ["Divides by n instead of n − 1.", ["spread / (count - 1)", "spread / count"]],
  "empty-parts": [
    "An empty part gives 0 / 0, or an asset without prices.",
    ["    if (count === 0) continue;\n", ""],
  ],
};
