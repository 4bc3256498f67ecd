import { ownAddresses, readConfig } from "../../labs/shared/config.js";
import { errorCode } from "../../labs/shared/errors.js";
import { SINGLE_RETRY, client, kafkaClient, withAdmin } from "../../labs/log/kafka/client.js";
import { freshTopic, removeTopics } from "../../labs/log/kafka/topics.js";
import { openStack, type Stack } from "../../labs/stack/stack.js";
import { hdfsStore } from "../../labs/store/hdfs.js";
import type { Store } from "../../labs/store/store.js";

// The real systems for checks. They are always the lab's own, whatever KAFKA_BROKERS and the like name: checks restart
// brokers, and delete topics and folders.

const config = readConfig();
const { brokers, hdfs, sparkRemote, sparkUi, registry } = ownAddresses(config.stack);

export { brokers, hdfs, sparkRemote, sparkUi, registry };

/** A client that retries while a broker restarts. */
export const kafka = kafkaClient({ brokers });

/** The stack of this machine. */
export const ownStack = (): Stack =>
  openStack(process.env["LAB_SYSTEMS_ROOT"] ?? process.cwd(), config.stack);

let count = 0;
/** A name that no other check uses, for a topic, a group or a folder. */
export const uniqueName = (what: string): string =>
  `exercise-${what}-${process.pid}-${Date.now().toString(36)}-${count++}`;

/** Whether a name was given by a check whose process has ended, such as one that a time limit has stopped. */
function isLeftOver(name: string): boolean {
  const pid = /^exercise-.*?-(\d+)-[0-9a-z]+-\d+/.exec(name)?.[1];
  if (pid === undefined) return false;
  try {
    process.kill(Number(pid), 0); // sends nothing
    return false;
  } catch (error) {
    return errorCode(error) === "ESRCH"; // else the process belongs to somebody else
  }
}

async function removeFromKafka(): Promise<void> {
  // It does not wait for a broker: the next check tries again.
  await withAdmin(client({ brokers }, SINGLE_RETRY), async (admin) => {
    const topics = (await admin.listTopics()).filter(isLeftOver);
    if (topics.length > 0) await admin.deleteTopics({ topics });
    const { groups } = await admin.listGroups();
    const left = groups.map(({ groupId }) => groupId).filter(isLeftOver);
    // The member of a killed process stays in its group for a while: the next check will delete the group.
    if (left.length > 0) await admin.deleteGroups(left).catch(() => {});
  });
}

async function removeFromHdfs(): Promise<void> {
  const root = hdfsStore({ ...hdfs, path: "" }, true);
  for (const name of (await root.list("")).filter(isLeftOver)) await root.remove(name);
}

const removed = new Map<() => Promise<void>, Promise<void>>();
/** Removes what checks have left behind, once in this process. If it cannot, a later check will. */
function removeLeftOvers(from: () => Promise<void>): Promise<void> {
  const removing = removed.get(from) ?? from().catch(() => {});
  removed.set(from, removing);
  return removing;
}

/** Creates a topic, runs a function with its name, and deletes the topic. */
export async function withTopic<T>(
  what: string,
  partitions: number,
  run: (topic: string) => Promise<T>,
): Promise<T> {
  await removeLeftOvers(removeFromKafka);
  const topic = uniqueName(what);
  await freshTopic({ brokers }, topic, partitions);
  try {
    return await run(topic);
  } finally {
    await removeTopics({ brokers }, topic);
  }
}

/** A folder of the lab's HDFS. */
export interface Folder {
  /** Its name in the root of HDFS. */
  name: string;
  store: Store;
}

/** Runs a function with a new folder on HDFS, and removes it. */
export async function withFolder<T>(what: string, run: (folder: Folder) => Promise<T>): Promise<T> {
  await removeLeftOvers(removeFromHdfs);
  const name = uniqueName(what);
  const store = hdfsStore({ ...hdfs, path: `/${name}` }, true);
  try {
    return await run({ name, store });
  } finally {
    await store.remove("");
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
