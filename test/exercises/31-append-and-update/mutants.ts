import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "key-is-the-asset": [
    "All minutes of an asset have the same key: the last one overwrites the others.",
    ["SELECT concat(asset, ' ', window.start) AS key", "SELECT asset AS key"],
  ],
  "key-with-figures": [
    "The key changes with the figures, so old ones stay.",
    ["concat(asset, ' ', window.start)", "concat(asset, ' ', window.start, ' ', count)"],
  ],
  "no-window": [
    "The value does not say which minute it is about.",
    [
      "to_json(struct(asset, window.start AS window_start, count, max_price))",
      "to_json(struct(asset, count, max_price))",
    ],
  ],
  "append-for-both": [
    "Minutes that are not final are missing in the live table.",
    ['outputMode: "update"', 'outputMode: "append"'],
  ],
  "update-for-both": [
    "The archive has a minute several times.",
    ['    outputMode: "append",', '    outputMode: "update",'],
  ],
  complete: [
    "Every batch writes every minute.",
    ['outputMode: "update"', 'outputMode: "complete"'],
  ],
};
