/** A plausible wrong solution of the capstone, as changes to the reference solution. */
export interface WrongSolution {
  mistake: string;
  /** The file of `solutions/capstone/` that is changed; each text to find must occur exactly once. */
  file: string;
  changes: [find: string, replacement: string][];
  /** The line of the rubric that it must fail. */
  fails: string;
  /** Lines that it may fail too, because they suffer from the same mistake. */
  mayFail?: string[];
}

export const wrongSolutions: Record<string, WrongSolution> = {
  "no-backfill": {
    mistake: "It reads the history when it starts, but not after a lost connection.",
    file: "producer.ts",
    changes: [["if (missing > 0)", "if (missing > 0 && copied === from.sequence)"]],
    fails: "topic: every message of the feed",
  },
  "new-names": {
    mistake: "A batch that runs again writes to files with new names.",
    file: "query.ts",
    changes: [
      ["venue=${venue}/batch-${batchId}.parquet", "venue=${venue}/batch-${Date.now()}.parquet"],
      ["windows/batch-${batchId}.parquet", "windows/batch-${Date.now()}.parquet"],
      ["rejected/batch-${batchId}.jsonl", "rejected/batch-${Date.now()}.jsonl"],
    ],
    fails: "trades/: each trade once",
    mayFail: ["windows/: right, with late trades", "rejected/: each once, with reason"],
  },
  "commits-first": {
    mistake:
      "It makes no plan, and stores the state, with the offsets, before it writes the output.",
    file: "query.ts",
    changes: [
      ["    await store.write(planPath(batchId), JSON.stringify(ends));\n", ""],
      [
        "  await write(batchId, await runBatch(state, ends));\n",
        "  const output = await runBatch(state, ends);\n",
      ],
      [
        "  await store.write(statePath(batchId), JSON.stringify(state));\n",
        "  await store.write(statePath(batchId), JSON.stringify(state));\n  await write(batchId, output);\n",
      ],
    ],
    fails: "trades/: every valid trade",
    mayFail: ["windows/: right, with late trades", "rejected/: each once, with reason"],
  },
  "arrival-time": {
    mistake: "It takes the time of the message for the time of the trade.",
    file: "windows.ts",
    changes: [["Math.floor(trade.trade_time / MINUTE_MS)", "Math.floor(sentMs / MINUTE_MS)"]],
    fails: "windows/: right, with late trades",
  },
  "no-lateness": {
    mistake: "It waits for no late trade: the watermark is the latest trade time.",
    file: "windows.ts",
    changes: [["MAX_LATENESS_MS = 2 * MINUTE_MS", "MAX_LATENESS_MS = 0"]],
    fails: "windows/: right, with late trades",
  },
};
