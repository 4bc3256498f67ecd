/**
 * A store like HDFS: the name of a file is visible as soon as it is created, and until it is closed readers may see a part
 * of its content. A rename is atomic.
 */
export interface Files {
  /** Writes a file, replacing one of that name. A crash in the middle leaves half a file. */
  write(name: string, content: string): Promise<void>;
  /** Gives a file another name, replacing one of that name, in one step. */
  rename(from: string, to: string): Promise<void>;
}

/**
 * Writes the rows of a micro-batch, one a line, to the file `part-N.txt`, where N is the batch's number.
 *
 * A batch that a crash has cut short is written again, with the same number and the same rows. So writing must be:
 * - *atomic*: readers read every file whose name does not begin with a dot, and must never see half a batch;
 * - *idempotent*: writing a batch twice leaves what writing it once leaves.
 */
export async function writeBatch(
  files: Files,
  batchId: number,
  rows: readonly string[],
): Promise<void> {
  const name = `part-${batchId}.txt`;
  await files.write(`.${name}`, rows.join("\n"));
  await files.rename(`.${name}`, name);
}
