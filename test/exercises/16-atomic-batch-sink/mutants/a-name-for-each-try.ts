// A second try leaves the first one beside it.

export interface Files {
  write(name: string, content: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
}

let tries = 0;

export async function writeBatch(
  files: Files,
  batchId: number,
  rows: readonly string[],
): Promise<void> {
  const name = `part-${batchId}-${tries++}.txt`;
  await files.write(`.${name}`, rows.join("\n"));
  await files.rename(`.${name}`, name);
}
