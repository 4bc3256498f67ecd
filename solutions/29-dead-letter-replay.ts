import { Kafka, logLevel, type EachMessagePayload } from "kafkajs";

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
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  const unread = await unreadPartitions(kafka, deadLetters, groupId);
  if (unread.size === 0) return;
  const producer = kafka.producer();
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  await Promise.all([producer.connect(), consumer.connect()]);
  try {
    await consumer.subscribe({ topic: deadLetters, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
        if (!restart) reject(error); // else kafkajs starts again by itself
      });
      const eachMessage = async ({ partition, message }: EachMessagePayload) => {
        const { key, value, offset } = message;
        const headers = { ...message.headers, "dead-letter": `${partition}:${offset}` };
        const repaired = repair(String(value));
        const [topic, sent] = repaired === undefined ? [parked, value] : [target, repaired];
        await producer.send({ topic, messages: [{ key, value: sent, headers }] });
        const next = Number(offset) + 1;
        await consumer.commitOffsets([{ topic: deadLetters, partition, offset: String(next) }]);
        if (next >= (unread.get(partition) ?? 0)) unread.delete(partition);
        if (unread.size === 0) resolve();
      };
      consumer.run({ autoCommit: false, eachMessage }).catch(reject);
    });
  } finally {
    await Promise.all([consumer.disconnect(), producer.disconnect()]);
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
