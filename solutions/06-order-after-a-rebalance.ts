/** A record as a consumer received it. */
export interface Delivered {
  partition: number;
  offset: number;
  key: string;
  value: string;
}

/**
 * The values of each key, ordered by offset, each record once.
 *
 * The records were received by several members of a consumer group and are listed in the order of their arrival. After a
 * rebalance, the new reader of a partition continues from the last *committed* offset. Some records are therefore delivered
 * twice, and old ones after new ones. Partition and offset identify a record; equal values at two offsets are two records.
 * All records of a key are in one partition. A key may be any text, also `constructor` or `__proto__`.
 *
 * @returns for each key its values
 */
export function valuesByKey(records: readonly Delivered[]): Record<string, string[]> {
  const inOrder = [...records].sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  const values = new Map<string, string[]>();
  for (const [index, { partition, offset, key, value }] of inOrder.entries()) {
    const before = inOrder[index - 1];
    if (before?.partition === partition && before.offset === offset) continue;
    const ofKey = values.get(key);
    if (ofKey === undefined) values.set(key, [value]);
    else ofKey.push(value);
  }
  return Object.fromEntries(values); // `values[key] ??= …` on an object would find its inherited `constructor`
}
