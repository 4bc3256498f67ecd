// Offset 0 of one partition is not offset 0 of another.

export interface Delivered {
  partition: number;
  offset: number;
  key: string;
  value: string;
}

export function valuesByKey(records: readonly Delivered[]): Record<string, string[]> {
  const inOrder = [...records].sort((a, b) => a.offset - b.offset);
  const values: Record<string, string[]> = {};
  for (const [index, { partition, offset, key, value }] of inOrder.entries()) {
    const before = inOrder[index - 1];
    if ((void partition, before?.offset === offset)) continue;
    (values[key] ??= []).push(value);
  }
  return values;
}
