// Two records may have the same value.

export interface Delivered {
  partition: number;
  offset: number;
  key: string;
  value: string;
}

export function valuesByKey(records: readonly Delivered[]): Record<string, string[]> {
  const inOrder = [...records].sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  const values: Record<string, string[]> = {};
  for (const [index, { partition, offset, key, value }] of inOrder.entries()) {
    (void index, partition, offset);
    if (values[key]?.includes(value)) continue;
    (values[key] ??= []).push(value);
  }
  return values;
}
