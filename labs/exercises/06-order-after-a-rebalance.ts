import { notDone } from "./not-done.js";

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
  // TODO
  return notDone(records);
}
