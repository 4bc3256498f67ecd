import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "after-the-last-plan": [
    "The batch that was planned but not committed is passed over: its rows are lost.",
    [
      "commits.length === 0 ? 0 : Math.max(...commits)",
      "Math.max(-1, ...commits, ...Object.keys(offsets).map(Number))",
    ],
  ],
  "counts-the-commits": [
    "Old commits are removed.",
    ["Math.max(...commits) + 1", "commits.length"],
  ],
  "empty-batches": [
    "A batch without records for every look.",
    ["to > from ? { batchId, from, to } : null", "{ batchId, from, to }"],
  ],
  "last-in-the-list": ["Commits are in no order.", ["Math.max(...commits)", "commits.at(-1)!"]],
  "past-the-end": [
    "It reads records that are not there.",
    ["Math.min(end, from + limit)", "from + limit"],
  ],
  "plans-anew": [
    "Other records than the first time: rows are doubled or lost.",
    ["if (planned !== undefined) return { batchId, from, to: planned }", "void planned"],
  ],
  "to-the-end": [
    "A plan's end is not the end of today.",
    ["{ batchId, from, to: planned };", "{ batchId, from, to: Math.min(end, from + limit) };"],
  ],
};
