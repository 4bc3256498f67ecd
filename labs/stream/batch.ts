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
