import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "last-instead-of-next": [
    "The last record before each restart counts again.",
    ["offsets[partition] = Number(offset) + 1;", "offsets[partition] = Number(offset);"],
    ["Math.max(nextOf(partition), low) >= high", "Math.max(nextOf(partition) + 1, low) >= high"],
  ],
  "totals-only": [
    "Without offsets in the file, each call counts everything again.",
    [
      "totals: new Map(Object.entries(totals)), offsets }",
      "totals: new Map(Object.entries(totals)), offsets: {} }",
    ],
  ],
  "offsets-in-kafka": [
    "Kafka's offsets and the file are two writes, and a crash falls between them.",
    ["groupId: `${groupId}-${process.pid}`", "groupId, sessionTimeout: 6_000"],
    ["autoCommit: false, ", ""],
    [
      "      for (const { partition } of ends) {\n        consumer.seek({ topic, partition, offset: String(nextOf(partition)) });\n      }\n",
      "",
    ],
    ["if (Number(offset) < nextOf(partition)) continue; // it already counts\n", "\n"],
  ],
  "every-five-thousand": [
    "The file is written too seldom: a crash costs up to 5,000 records.",
    ["from += 500", "from += 5_000"],
    ["from + 500", "from + 5_000"],
  ],
  "one-write-at-the-end": [
    "The file is written at the end only: a crash costs everything.",
    [
      "      await writeState(path, { totals, offsets });\n    }",
      "    }\n    if (isComplete()) await writeState(path, { totals, offsets });",
    ],
  ],
};
