/** A partition, and the position of a group in it. */
export interface Place {
  /** The offset of the oldest record that Kafka still has; 0 unless old records were removed. */
  begin: number;
  /** The offset that the next record will get. */
  end: number;
  /** The offset that the group will read next; null if it has never committed one and will begin at the oldest record. */
  committed: number | null;
}

/**
 * The lag of a consumer group: the number of records that it has not read yet, over all partitions.
 *
 * Records that were removed before the group read them do not count. A committed offset may be greater than `end`, because the
 * two were read at different moments; that partition has no lag.
 */
export function totalLag(places: readonly Place[]): number {
  return places.reduce((sum, { begin, end, committed }) => {
    const next = Math.max(committed ?? begin, begin);
    return sum + Math.max(0, end - next);
  }, 0);
}
