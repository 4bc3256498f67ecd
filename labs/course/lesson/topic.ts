import type { Admin, Kafka } from "kafkajs";
import { LabError } from "../../shared/errors.js";
import { sleep } from "../../shared/wait.js";
import { withAdmin } from "../../log/kafka/client.js";
import { isKafkaError } from "../../log/kafka/errors.js";

const POLL_MS = 100;
/** A member whose process was killed stays in its group for 30 s, the default session timeout of kafkajs. */
const FORGET_LIMIT_MS = 45_000;

/**
 * Deletes the topics and consumer groups whose names begin with a prefix, and waits until their names are free.
 *
 * @throws LabError if a group keeps its members for longer than a killed member would stay
 */
export async function forget(kafka: Kafka, prefix: string): Promise<void> {
  const deadlineMs = performance.now() + FORGET_LIMIT_MS;
  await withAdmin(kafka, async (admin) => {
    await knowTopics(admin, `${prefix}marker`);
    for (;;) {
      const { groups } = await listGroups(admin, deadlineMs);
      const ids = groups.map(({ groupId }) => groupId).filter((id) => id.startsWith(prefix));
      if (ids.length === 0) break;
      if (performance.now() > deadlineMs) {
        throw new LabError(
          `some of these consumer groups still have members: ${ids.join(", ")}; stop their consumers`,
        );
      }
      const areGone = await admin.deleteGroups(ids).then(
        () => true,
        () => false,
      );
      if (!areGone) await sleep(POLL_MS);
    }
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
    if (topics.length > 0) await admin.deleteTopics({ topics });
    // Kafka deletes in the background and frees the name last.
    for (const topic of topics) {
      while (
        !(await admin.createTopics({
          topics: [{ topic }],
          validateOnly: true,
          waitForLeaders: false,
        }))
      ) {
        await sleep(POLL_MS);
      }
    }
  });
}

/**
 * Waits until a broker that has just started knows all topics: it has learned of the new topic after all others.
 *
 * @param marker the name of the topic to create
 */
async function knowTopics(admin: Admin, marker: string): Promise<void> {
  await admin.createTopics({ topics: [{ topic: marker }], waitForLeaders: false });
  while (!(await admin.listTopics()).includes(marker)) await sleep(POLL_MS);
}

/** Lists the consumer groups. A broker that has just started first loads them. */
async function listGroups(admin: Admin, deadlineMs: number): ReturnType<Admin["listGroups"]> {
  for (;;) {
    try {
      return await admin.listGroups();
    } catch (error) {
      const isLoading = isKafkaError(error, "GROUP_LOAD_IN_PROGRESS");
      if (!isLoading || performance.now() > deadlineMs) throw error;
      await sleep(POLL_MS);
    }
  }
}

/** A record as a lesson shows it. */
export interface TopicRecord {
  partition: number;
  offset: number;
  key: string;
  /** Null for a tombstone. */
  value: string | null;
  /** Milliseconds since the epoch. */
  timestampMs: number;
  headers: Record<string, string>;
}

/** The same with the value's bytes, which need not be text. */
export type RawRecord = Omit<TopicRecord, "value"> & { value: Buffer | null };

/** Reads a topic from its first record to its current end, and sorts the records by partition and offset. */
export async function readTopic(kafka: Kafka, topic: string): Promise<TopicRecord[]> {
  const records = await readRawTopic(kafka, topic);
  return records.map((record) => ({ ...record, value: record.value?.toString() ?? null }));
}

/** The same, with the bytes of the values. */
export async function readRawTopic(kafka: Kafka, topic: string): Promise<RawRecord[]> {
  const ends = await withAdmin(kafka, (admin) => admin.fetchTopicOffsets(topic));
  const unread = new Map(
    ends
      .filter(({ low, high }) => low !== high)
      .map(({ partition, high }) => [partition, Number(high)]),
  );
  /** By partition and offset: a restarted consumer reads records again. */
  const records = new Map<string, RawRecord>();
  if (unread.size === 0) return [];
  const groupId = `${topic}-reader-${process.pid}-${performance.now()}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: POLL_MS });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      // After some errors, such as a coordinator that is still loading, kafkajs restarts the consumer by itself.
      consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
        if (!restart) reject(error);
      });
      // A batch may end with records that are not delivered, such as control records of transactions.
      consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
        if (Number(lastOffset) + 1 >= (unread.get(partition) ?? 0)) unread.delete(partition);
        if (unread.size === 0) resolve();
      });
      consumer
        .run({
          autoCommit: false,
          eachMessage: ({
            partition,
            message: { offset, key, value, timestamp, headers = {} },
          }) => {
            records.set(`${partition}:${offset}`, {
              partition,
              offset: Number(offset),
              key: key?.toString() ?? "",
              value,
              timestampMs: Number(timestamp),
              headers: Object.fromEntries(
                Object.entries(headers).map(([name, text]) => [name, String(text)]),
              ),
            });
            return Promise.resolve();
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return [...records.values()].sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}
