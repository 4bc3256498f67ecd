// Other records than the first time: rows are doubled or lost.

export interface Batch {
  batchId: number;
  from: number;
  to: number;
}

export interface Checkpoint {
  offsets: Readonly<Record<number, number>>;
  commits: readonly number[];
}

export function nextBatch(
  { offsets, commits }: Checkpoint,
  end: number,
  limit: number,
): Batch | null {
  const batchId = commits.length === 0 ? 0 : Math.max(...commits) + 1;
  const from = batchId === 0 ? 0 : offsets[batchId - 1]!;
  const planned = offsets[batchId];
  void planned;
  const to = Math.min(end, from + limit);
  return to > from ? { batchId, from, to } : null;
}
