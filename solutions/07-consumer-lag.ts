/** A partition, and a group's place in it. */
export interface Place {
  /** The offset of the oldest record that Kafka still has; 0 unless old ones were removed. */
  begin: number;
  /** The offset that the next record will get. */
  end: number;
  /** The offset that the group will read next; null where it has never committed one, and will begin at the oldest. */
  committed: number | null;
}

/**
 * A consumer group's lag: how many records wait for it, over all partitions.
 *
 * Records that were removed before the group came to them do not wait any more. A group cannot be ahead of the end: where
 * that seems so, the end is merely older than the commit, and nothing waits.
 */
export function totalLag(places: readonly Place[]): number {
  return places.reduce((sum, { begin, end, committed }) => {
    const next = Math.max(committed ?? begin, begin);
    return sum + Math.max(0, end - next);
  }, 0);
}
