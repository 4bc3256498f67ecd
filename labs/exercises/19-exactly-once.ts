import { notDone } from "./not-done.js";

/** A micro-batch over one partition: the records from offset `from` to before offset `to`. */
export interface Batch {
  batchId: number;
  from: number;
  to: number;
}

/** The content of a checkpoint. A crash may have happened between any two writes to it. */
export interface Checkpoint {
  /** The offset that each batch reads up to, by batch number. Written before the batch runs; old entries may have been deleted. */
  offsets: Readonly<Record<number, number>>;
  /** The numbers of the batches that are done, in no particular order. Written after the sink has their output; old entries may have been deleted. */
  commits: readonly number[];
}

/**
 * The next batch to run, after a start or a crash. Batches are numbered from 0. The first one begins at offset 0, each other one
 * at the offset where the previous one ended.
 *
 * A batch that was planned but not committed runs again over the same records, even if more have been appended since: only then
 * does it write the same rows. Otherwise a new batch is planned. It takes all unread records, at most `limit`.
 *
 * @param end the offset after the partition's last record
 * @returns null if there are no unread records
 */
export function nextBatch(
  { offsets, commits }: Checkpoint,
  end: number,
  limit: number,
): Batch | null {
  // TODO
  return notDone(offsets, commits, end, limit);
}
