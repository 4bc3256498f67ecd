import { notDone } from "./not-done.js";
import { Kafka, logLevel } from "kafkajs";

/** The topics of a replay. */
export interface Topics {
  /** Records that a consumer could not process. */
  deadLetters: string;
  /** Where the repaired records go. */
  target: string;
  /** Where the records go that cannot be repaired. */
  parked: string;
}

/**
 * Replays dead letters. Each record of `deadLetters` is repaired and sent to `target`. Resolves when this has been done with
 * every record that `deadLetters` contained at the time of the call.
 *
 * - `repair` returns the corrected value; undefined if it does not know how. It never throws.
 * - A repaired record has the key of the dead letter, so that the records of a key stay in one partition, in the order of the
 *   dead letters. (All records of a key are in the same partition of `deadLetters`.) It also has a header `dead-letter`
 *   with partition and offset of the dead letter, such as `2:17`, so that a reader can recognize a repetition.
 * - A record that cannot be repaired goes to `parked`, with its key, value and headers as they were, and the same additional header.
 * - If Kafka does not store a record, the promise rejects, and the dead letter is not committed.
 * - The consumer group `groupId` stores how far the replay has come. The next call, after more dead letters have arrived,
 *   sends only these.
 *
 * @param brokers `host:port` of the brokers
 */
export async function replay(
  brokers: string[],
  { deadLetters, target, parked }: Topics,
  groupId: string,
  repair: (value: string) => string | undefined,
): Promise<void> {
  // TODO
  return notDone(brokers, deadLetters, target, parked, groupId, repair, Kafka, logLevel);
}
