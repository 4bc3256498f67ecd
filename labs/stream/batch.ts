import type { SavedAsset } from "./state.js";

/** The plan of a batch, fixed before it runs. */
export interface BatchPlan {
  batchId: number;
  /**
   * For each partition, the offset to read from. Only in the plan of the first batch, and only if one of them is not 0;
   * later batches start where the previous one ended.
   */
  startOffsets?: number[];
  /** For each partition, the offset to stop before. */
  endOffsets: number[];
  /** W(N): this batch emits the windows that end at or before it. Null before there is a watermark. */
  watermarkMs: number | null;
  /** When the batch was planned; undefined if it leaves records unread, or if results must not depend on when it runs. */
  plannedMs?: number;
}

/** The progress of the query after a batch. */
export interface QueryProgress {
  plan: BatchPlan;
  /** The latest event time seen; null before the first event. */
  maxEventTimeMs: number | null;
  totals: Record<string, number>;
}

/** Everything that the engine keeps between two batches, read from the checkpoint. */
export interface Committed extends QueryProgress {
  assets: Map<string, SavedAsset>;
}

/**
 * Plans a micro-batch: how far to read each partition if at most `limit` records may be read in total. If more records
 * wait, each partition gets limit × (its backlog / total backlog), rounded down (or up if below 1), but never past its
 * end. This is Spark's rule for `maxOffsetsPerTrigger` (`KafkaMicroBatchStream.rateLimit`).
 *
 * @param from for each partition, the offset to read from; a missing partition is read from its beginning
 * @param end for each partition, the offset after its last record
 * @returns for each partition, the offset to stop before
 */
export function planBatch(
  from: readonly number[],
  end: readonly number[],
  limit: number,
): number[] {
  const backlogs = end.map((offset, partition) => offset - (from[partition] ?? 0));
  const total = backlogs.reduce((sum, backlog) => sum + backlog, 0);
  if (total <= limit) return [...end];
  return backlogs.map((backlog, partition) => {
    const share = limit * (backlog / total);
    const records = share < 1 ? Math.ceil(share) : Math.floor(share);
    return Math.min(end[partition]!, (from[partition] ?? 0) + records);
  });
}
