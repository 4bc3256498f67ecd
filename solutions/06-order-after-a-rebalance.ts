/** A record as a consumer has got it. */
export interface Delivered {
  partition: number;
  offset: number;
  key: string;
  value: string;
}

/**
 * The values of each key, in order, each record once.
 *
 * The records come from several members of a consumer group, put together as they came. After a rebalance a partition has
 * another reader, who goes on from the last *committed* offset: some records are delivered twice, and old ones come after new
 * ones. A record is one by its partition and offset; equal values at two offsets are two records. All records of a
 * key are in one partition.
 *
 * @returns for each key its values by offset
 */
export function valuesByKey(records: readonly Delivered[]): Record<string, string[]> {
  const inOrder = [...records].sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  const values: Record<string, string[]> = {};
  for (const [index, { partition, offset, key, value }] of inOrder.entries()) {
    const before = inOrder[index - 1];
    if (before?.partition === partition && before.offset === offset) continue;
    (values[key] ??= []).push(value);
  }
  return values;
}
