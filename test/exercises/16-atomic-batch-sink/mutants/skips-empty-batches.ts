// Nobody can tell an empty batch from one that is missing.

export interface Files {
  write(name: string, content: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
}

export async function writeBatch(
  files: Files,
  batchId: number,
  rows: readonly string[],
): Promise<void> {
  if (rows.length === 0) return;
  const name = `part-${batchId}.txt`;
  await files.write(`.${name}`, rows.join("\n"));
  await files.rename(`.${name}`, name);
}
