// Readers see half a batch.

export interface Files {
  write(name: string, content: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
}

export async function writeBatch(
  files: Files,
  batchId: number,
  rows: readonly string[],
): Promise<void> {
  const name = `part-${batchId}.txt`;
  await files.write(name, rows.join("\n"));
}
