import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "salted-key": [
    "A number is appended to the key: readers no longer find the asset.",
    [
      "messages: records }",
      "messages: records.map((each, i) => (hotKeys.includes(each.key) ? { ...each, key: `${each.key}#${i}` } : each)) }",
    ],
  ],
  "all-in-turn": [
    "Every key is spread, so that no key keeps its order.",
    [
      "if (count === undefined) return usual(args);\n      sent.set(key, count + 1);",
      "sent.set(key, (count ?? 0) + 1);",
    ],
    ["partitionMetadata[count %", "partitionMetadata[(count ?? 0) %"],
  ],
  "two-partitions": [
    "Hot keys only have two partitions.",
    ["[count % args.partitionMetadata.length]", "[count % 2]"],
  ],
  "at-random": [
    "Random partitions are not equally full.",
    [
      "[count % args.partitionMetadata.length]",
      "[Math.floor(Math.random() * args.partitionMetadata.length)]",
    ],
  ],
};
