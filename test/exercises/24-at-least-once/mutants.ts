import type { Mutants } from "../mutants.js";

const HANDLE = "        await handle(String(message.value));\n";
const COMMIT =
  "        await consumer.commitOffsets([{ topic, partition, offset: String(next) }]);\n";

export const mutants: Mutants = {
  "commits-first": [
    "A record that is committed before its handling is lost in a crash.",
    [HANDLE, ""],
    [COMMIT, COMMIT + HANDLE],
  ],
  "commits-at-the-end": [
    "After a crash everything is handled again.",
    [COMMIT, ""],
    [
      "  } finally {\n    await consumer.disconnect();",
      "    const offsets = ends.map(([partition, end]) => ({ topic, partition, offset: String(end) }));\n    await consumer.commitOffsets(offsets);\n  } finally {\n    await consumer.disconnect();",
    ],
    [
      "  if (unread.size === 0) return;\n",
      "  if (unread.size === 0) return;\n  const ends = [...unread];\n",
    ],
  ],
  "commits-the-handled-one": [
    "The committed offset is that of the next record, not of the last one.",
    ["offset: String(next) }]", "offset: message.offset }]"],
  ],
  "three-at-once": [
    "Records of three partitions are handled at the same time.",
    ["autoCommit: false, ", "autoCommit: false, partitionsConsumedConcurrently: 3, "],
  ],
  "kafkajs-commits": [
    "By default kafkajs commits after a whole batch.",
    [COMMIT, ""],
    ["autoCommit: false, ", ""],
  ],
};
