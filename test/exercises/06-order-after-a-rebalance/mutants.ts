import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "as-delivered": [
    "It keeps the order in which the records were delivered.",
    [".sort((a, b) => a.partition - b.partition || a.offset - b.offset)", ""],
  ],
  "counts-twice": [
    "A record that is delivered twice is still one.",
    [
      `const before = inOrder[index - 1];
    if (before?.partition === partition && before.offset === offset) continue`,
      "(void index, partition, offset)",
    ],
  ],
  "inherited-members": [
    "An object has members that no record put there, such as constructor.",
    ["new Map<string, string[]>()", "{} as Record<string, string[]>"],
    ["values.get(key)", "values[key]"],
    ["values.set(key, [value])", "values[key] = [value]"],
    ["Object.fromEntries(values)", "values"],
  ],
  "offsets-as-texts": [
    '"10" comes before "9".',
    [
      "(a, b) => a.partition - b.partition || a.offset - b.offset",
      `
    (a, b) => a.partition - b.partition || String(a.offset).localeCompare(String(b.offset)),
  `,
    ],
  ],
  "offsets-of-all-partitions": [
    "Offset 0 of one partition is not offset 0 of another.",
    ["partition - b.partition || a.", ""],
    [
      "before?.partition === partition && before.offset === offset",
      "(void partition, before?.offset === offset)",
    ],
  ],
  "sorts-the-input": [
    "It changes the list that it was given.",
    [
      "[...records].sort((a, b) => a.partition - b.partition || a.offset - b.offset)",
      `(records as Delivered[]).sort(
    (a, b) => a.partition - b.partition || a.offset - b.offset,
  )`,
    ],
  ],
  "values-once": [
    "Two records may have the same value.",
    [
      `const before = inOrder[index - 1];
    if (before?.partition === partition && before.offset === offset)`,
      `(void index, partition, offset);
    if (values.get(key)?.includes(value))`,
    ],
  ],
};
