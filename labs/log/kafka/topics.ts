import type { Admin } from "kafkajs";
import type { KafkaAddress } from "../../shared/kafka-address.js";
import { LabError } from "../../shared/errors.js";
import { sleep } from "../../shared/wait.js";
import { describeKafka, kafkaClient, withAdmin } from "./client.js";
import { isKafkaError, kafkaError } from "./errors.js";

const POLL_MS = 100;

/** @returns false if the topic already exists */
function makeTopic(admin: Admin, topic: string, partitions: number): Promise<boolean> {
  // By default Kafka deletes records older than a week, by their own timestamps: a tape of last year within minutes.
  const configEntries = [{ name: "retention.ms", value: "-1" }];
  const topics = [{ topic, numPartitions: partitions, replicationFactor: -1, configEntries }];
  return admin.createTopics({ topics, waitForLeaders: true });
}

/**
 * Creates a topic if it is missing.
 *
 * @returns how many partitions it has
 * @throws LabError if it has fewer than requested
 */
export async function ensureTopic(
  admin: Admin,
  topic: string,
  partitions: number,
): Promise<number> {
  if (!(await admin.listTopics()).includes(topic)) {
    await makeTopic(admin, topic, partitions);
    return partitions;
  }
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const found = topics[0]!.partitions.length;
  if (found < partitions) {
    throw new LabError(
      `the topic ${topic} has ${found} partitions, not ${partitions}: use --partitions ${found}, or start over with --fresh`,
    );
  }
  return found;
}

/** Deletes the topics whose names begin with a prefix. Kafka does so in the background. */
export async function removeTopics(address: KafkaAddress, prefix: string): Promise<void> {
  await describeKafka(address);
  await withAdmin(kafkaClient(address), async (admin) => {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  }).catch((error: unknown) => {
    throw kafkaError(address, error, { right: "Delete", topic: `${prefix}*` });
  });
}

async function deleteTopic(admin: Admin, topic: string): Promise<void> {
  try {
    await admin.deleteTopics({ topics: [topic] });
  } catch (error) {
    if (!isKafkaError(error, "UNKNOWN_TOPIC_OR_PARTITION")) throw error; // it is already gone
  }
}

/** Creates an empty topic, deleting an existing topic of that name with all its records. */
export async function freshTopic(
  address: KafkaAddress,
  topic: string,
  partitions: number,
): Promise<void> {
  await withAdmin(kafkaClient(address), async (admin) => {
    // Kafka deletes in the background and frees the name last. A broker that has just started may not list the topic yet.
    for (;;) {
      if ((await admin.listTopics()).includes(topic)) await deleteTopic(admin, topic);
      if (await makeTopic(admin, topic, partitions)) return;
      await sleep(POLL_MS);
    }
  }).catch((error: unknown) => {
    throw kafkaError(address, error, { right: "Create", topic });
  });
}

/** Creates a topic if it is missing. An existing one may have any number of partitions. */
export async function createTopic(
  address: KafkaAddress,
  topic: string,
  partitions: number,
): Promise<void> {
  await withAdmin(kafkaClient(address), async (admin) => {
    if (!(await admin.listTopics()).includes(topic)) await ensureTopic(admin, topic, partitions);
  }).catch((error: unknown) => {
    throw kafkaError(address, error, { right: "Create", topic });
  });
}
