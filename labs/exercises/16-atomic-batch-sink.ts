import { notDone } from "./not-done.js";

/**
 * A store like HDFS: the name of a file is visible as soon as it is created, and until it is closed readers may see a part
 * of its content. A rename is atomic.
 */
export interface Files {
  /** Writes a file, replacing one of that name. Rejects if it fails. A failure or a crash may leave half a file. */
  write(name: string, content: string): Promise<void>;
  /** Renames a file, replacing one of the new name, in one step. Rejects if it fails. */
  rename(from: string, to: string): Promise<void>;
}

/**
 * Writes the rows of a micro-batch, one per line, to the file `part-N.txt`, where N is the number of the batch. A batch without
 * rows writes an empty file. The promise resolves when the file is complete under its name, and rejects if that fails.
 *
 * After a crash, the batch is written again with the same number and the same rows. Writing must therefore be:
 * - *atomic*: readers read every file whose name does not begin with a dot, and must never see part of a batch;
 * - *idempotent*: writing a batch twice, or after a crash in the middle, leaves the same files as writing it once.
 */
export async function writeBatch(
  files: Files,
  batchId: number,
  rows: readonly string[],
): Promise<void> {
  // TODO
  return notDone(files, batchId, rows);
}
