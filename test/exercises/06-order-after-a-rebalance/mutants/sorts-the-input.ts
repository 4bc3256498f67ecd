// Others still use the list.

export interface Delivered {
  partition: number;
  offset: number;
  key: string;
  value: string;
}

export function valuesByKey(records: readonly Delivered[]): Record<string, string[]> {
  const inOrder = (records as Delivered[]).sort(
    (a, b) => a.partition - b.partition || a.offset - b.offset,
  );
  const values: Record<string, string[]> = {};
  for (const [index, { partition, offset, key, value }] of inOrder.entries()) {
    const before = inOrder[index - 1];
    if (before?.partition === partition && before.offset === offset) continue;
    (values[key] ??= []).push(value);
  }
  return values;
}
