import { Kafka, logLevel, type EachMessagePayload } from "kafkajs";

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
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  const unread = await unreadPartitions(kafka, topic, groupId);
  if (unread.size === 0) return;
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: 6_000,
    heartbeatInterval: 1_000,
    maxWaitTimeInMs: 100,
  });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
        if (!restart) reject(error); // else kafkajs starts again by itself
      });
      const eachMessage = async ({ partition, message }: EachMessagePayload) => {
        await handle(String(message.value));
        const next = Number(message.offset) + 1;
        await consumer.commitOffsets([{ topic, partition, offset: String(next) }]);
        if (next >= (unread.get(partition) ?? 0)) unread.delete(partition);
        if (unread.size === 0) resolve();
      };
      consumer.run({ autoCommit: false, eachMessage }).catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
}

/** The end offset of each partition that has records that the group has not committed. */
async function unreadPartitions(
  kafka: Kafka,
  topic: string,
  groupId: string,
): Promise<Map<number, number>> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const ends = await admin.fetchTopicOffsets(topic);
    const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] });
    const unread = new Map<number, number>();
    for (const { partition, low, high } of ends) {
      const found = committed!.partitions.find((each) => each.partition === partition);
      const next = Math.max(Number(low), Number(found?.offset ?? -1)); // −1: nothing is committed
      if (next < Number(high)) unread.set(partition, Number(high));
    }
    return unread;
  } finally {
    await admin.disconnect();
  }
}
