import { ownAddresses, readConfig } from "../../labs/shared/config.js";
import { kafkaClient } from "../../labs/log/kafka/client.js";
import { freshTopic, removeTopics } from "../../labs/log/kafka/topics.js";
import { openStack, type Stack } from "../../labs/stack/stack.js";

// The real systems for checks. They are always the lab's own, whatever KAFKA_BROKERS and the like name: checks restart
// brokers, and delete topics and folders.

const config = readConfig();
const { brokers, hdfs, sparkRemote, sparkUi } = ownAddresses(config.stack);

export { brokers, hdfs, sparkRemote, sparkUi };

/** A client that retries while a broker restarts. */
export const kafka = kafkaClient(brokers);

/** The stack of this machine. */
export const ownStack = (): Stack =>
  openStack(process.env["LAB_SYSTEMS_ROOT"] ?? process.cwd(), config.stack);

let count = 0;
/** A name that no other check uses, for a topic, a group or a folder. */
export const uniqueName = (what: string): string =>
  `exercise-${what}-${process.pid}-${Date.now().toString(36)}-${count++}`;

/** Creates a topic, runs a function with its name, and deletes the topic. */
export async function withTopic<T>(
  what: string,
  partitions: number,
  run: (topic: string) => Promise<T>,
): Promise<T> {
  const topic = uniqueName(what);
  await freshTopic(brokers, topic, partitions);
  try {
    return await run(topic);
  } finally {
    await removeTopics(brokers, topic);
  }
}

/** A record to send. */
export interface Sent {
  key?: string;
  value: string | null;
  partition?: number;
  headers?: Record<string, string>;
}

/** Sends records to a topic, in order. */
export async function send(topic: string, records: readonly Sent[]): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: [...records] });
  await producer.disconnect();
}

/** Commits offsets for a consumer group without members. (kafkajs's `setOffsets` takes five seconds.) */
export async function commitOffsets(
  topic: string,
  groupId: string,
  offsets: readonly { partition: number; offset: string }[],
): Promise<void> {
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic });
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.run({ autoCommit: false, eachMessage: () => Promise.resolve() });
    await joined;
    await consumer.commitOffsets(offsets.map((each) => ({ topic, ...each })));
  } finally {
    await consumer.disconnect();
  }
}
