import { notDone } from "./not-done.js";
import { Kafka, logLevel } from "kafkajs";

/**
 * Reads a topic as the only member of a consumer group, and passes the value of each record to `handle`, one after the other.
 * A new group begins at the first record; a group that has committed offsets continues there. Resolves when every record
 * that the topic contained at the time of the call has been handled and committed. If there is none, resolves without
 * calling `handle`.
 *
 * The process may be killed at any moment, and the next call, in another process, has the same group. It must handle each
 * record again whose handling had not ended (`handle` had not resolved). Apart from that, it may handle at most 10 records
 * again, in all partitions together. The records of a partition are handled in order. `handle` never rejects, and resolves
 * within a second.
 *
 * The check kills the process once. Until the killed member's session has timed out, Kafka waits for it:
 * `sessionTimeout: 6_000` is the shortest time that the broker allows.
 *
 * @param brokers `host:port` of the brokers
 */
export async function consume(
  brokers: string[],
  topic: string,
  groupId: string,
  handle: (value: string) => Promise<void>,
): Promise<void> {
  // TODO
  return notDone(brokers, topic, groupId, handle, Kafka, logLevel);
}
