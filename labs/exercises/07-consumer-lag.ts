import { notDone } from "./not-done.js";

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
  // TODO
  return notDone(places);
}
