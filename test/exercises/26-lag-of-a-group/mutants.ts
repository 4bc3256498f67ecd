import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "minus-one": [
    "The offset −1 is taken for a number: the lag is one too large.",
    ["Math.max(Number(found?.offset ?? -1), Number(low))", "Number(found?.offset ?? -1)"],
  ],
  "nothing-committed-is-no-lag": [
    "A group that has committed nothing has everything to read, not nothing.",
    [
      "lags[partition] = Number(high) - next;",
      'lags[partition] = found?.offset === "-1" ? 0 : Number(high) - next;',
    ],
  ],
  "deleted-records-count": ["Deleted records are counted.", ["Number(low))", "0)"]],
  "left-connected": [
    "The connection to Kafka stays open, so the program does not end.",
    ["    await admin.disconnect();\n", ""],
  ],
  "as-kafka-lists-them": [
    "Kafka does not return partitions in order.",
    ["lags[partition] = Number(high) - next;", "lags.push(Number(high) - next);"],
  ],
};
