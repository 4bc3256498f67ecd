import type { Admin } from "kafkajs";
import { LabError } from "../../shared/errors.js";
import { sleep } from "../../shared/wait.js";
import { describeKafka, kafkaClient, withAdmin } from "./client.js";
import { unreachable } from "./cluster.js";

const POLL_MS = 100;

/** @returns false if there is one of that name */
function makeTopic(admin: Admin, topic: string, partitions: number): Promise<boolean> {
  // Kafka removes what is older than a week, by the records' own time: a tape of last year within minutes.
  const configEntries = [{ name: "retention.ms", value: "-1" }];
  const topics = [{ topic, numPartitions: partitions, replicationFactor: -1, configEntries }];
  return admin.createTopics({ topics, waitForLeaders: true });
}

/**
 * Makes a topic where it is missing.
 *
 * @returns how many partitions it has
 * @throws LabError if it has fewer than asked for
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

/** Removes the topics whose names begin with a prefix. Kafka does it in the background. */
export async function removeTopics(brokers: readonly string[], prefix: string): Promise<void> {
  await describeKafka(brokers);
  await withAdmin(kafkaClient(brokers), async (admin) => {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  }).catch((error: unknown) => {
    throw unreachable(brokers, error);
  });
}

/** Makes a topic that is empty: one of that name is removed first, with all that is in it. */
export async function freshTopic(
  brokers: readonly string[],
  topic: string,
  partitions: number,
): Promise<void> {
  await withAdmin(kafkaClient(brokers), async (admin) => {
    if ((await admin.listTopics()).includes(topic)) await admin.deleteTopics({ topics: [topic] });
    // Kafka removes in the background, and forgets the name last.
    while (!(await makeTopic(admin, topic, partitions))) await sleep(POLL_MS);
  }).catch((error: unknown) => {
    throw unreachable(brokers, error);
  });
}

/** Makes a topic of the lab's own Kafka where it is missing, whatever partitions one that is there has. */
export async function createTopic(
  brokers: readonly string[],
  topic: string,
  partitions: number,
): Promise<void> {
  await withAdmin(kafkaClient(brokers), async (admin) => {
    if (!(await admin.listTopics()).includes(topic)) await ensureTopic(admin, topic, partitions);
  });
}
