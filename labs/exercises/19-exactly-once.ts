import { notDone } from "./not-done.js";

/** A micro-batch over one partition: the records from offset `from` to before offset `to`. */
export interface Batch {
  batchId: number;
  from: number;
  to: number;
}

/** What a checkpoint holds. A crash may have come between any two of its writes. */
export interface Checkpoint {
  /** What each batch reads up to, by its number: written before it runs. */
  offsets: Readonly<Record<number, number>>;
  /** The numbers of the batches that are done: written after the sink has their output. In no order. */
  commits: readonly number[];
}

/**
 * The batch to run next, after a start or a crash. Batches are numbered from 0 and read the partition from its beginning,
 * each from where the one before it ended.
 *
 * A batch that was planned but not committed runs again, over the very same records, whatever has been appended since: only so
 * does it write the same rows. Otherwise a new batch is planned, which takes what waits, at most `limit` records.
 *
 * @param end the offset after the partition's last record
 * @returns null where nothing waits
 */
export function nextBatch(
  { offsets, commits }: Checkpoint,
  end: number,
  limit: number,
): Batch | null {
  // TODO
  return notDone(offsets, commits, end, limit);
}
