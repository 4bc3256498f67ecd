import { notDone } from "./not-done.js";
import { Kafka, logLevel } from "kafkajs";

/**
 * Asks Kafka how many records of a topic a consumer group still has to read, for each partition. The result has an entry for
 * every partition of the topic, in the order of the partitions: index 0 is partition 0.
 *
 * The lag is the end offset minus the group's committed offset. Two cases need care:
 *
 * - A group that has committed nothing in a partition (Kafka answers with the offset −1) begins at the first record that still
 *   exists.
 * - Retention may have deleted records that the group has not read. They cannot be read any more and do not count.
 *
 * Call Kafka's admin API; do not read the records. Disconnect before you return. The group may not exist.
 *
 * @param brokers `host:port` of the brokers
 */
export async function lagOf(brokers: string[], topic: string, groupId: string): Promise<number[]> {
  // TODO
  return notDone(brokers, topic, groupId, Kafka, logLevel);
}
