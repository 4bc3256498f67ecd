import type { KafkaAddress } from "../../shared/kafka-address.js";
import type { Notify } from "../../shared/notify.js";
import type { EventLog } from "../log.js";
import { PATIENCE_MS, client, describeKafka, retryFor, withAdmin } from "./client.js";
import { connectTopic } from "./cluster.js";
import { kafkaError } from "./errors.js";
import { endOffsets, startOffsets } from "./offsets.js";
import { openReader } from "./reader.js";
import { ensureTopic, freshTopic } from "./topics.js";
import { openWriter } from "./writer.js";

export interface KafkaOptions extends KafkaAddress {
  topic: string;
  /** How many partitions to write to; the topic is created with this many if it is missing. */
  partitions: number;
  /** Called when a request fails and is retried. */
  notify?: Notify;
  /** How long Kafka may be unavailable before an operation fails. */
  patienceMs?: number;
}

/**
 * Opens a topic of a Kafka cluster as an event log, creating it if it is missing. Reads only committed records. Offsets that
 * were read are stored in the lab's own checkpoint, not in Kafka.
 *
 * Partitions that were added to the topic are read, but records are appended only to the first `partitions`: otherwise keys
 * would move to other partitions and lose their order.
 *
 * @throws LabError if Kafka stays unavailable, or the topic has too few partitions
 */
export async function openKafkaLog(options: KafkaOptions): Promise<EventLog> {
  const { topic, partitions, notify, patienceMs = PATIENCE_MS, ...address } = options;
  await describeKafka(address);
  const found = await withAdmin(client(address, retryFor(patienceMs)), (admin) =>
    ensureTopic(admin, topic, partitions),
  ).catch((error: unknown) => {
    throw kafkaError(address, error, { right: "Create", topic });
  });
  if (found > partitions) {
    notify?.(
      `the topic ${topic} has ${found} partitions, but --partitions is ${partitions}: reading all ${found}, writing to the first ${partitions}`,
    );
  }
  const cluster = connectTopic({ ...address, topic, patienceMs, notify });
  const writer = await openWriter(cluster, partitions, notify);
  return {
    topic,
    location: `the topic ${topic} on Kafka at ${address.brokers.join(",")}`,
    partitions,
    append: (messages) => writer.append(messages),
    // Kafka protects against a power cut by replication: an append is acknowledged once all in-sync replicas have it (acks=all).
    sync: () => Promise.resolve(),
    startOffsets: () => startOffsets(cluster),
    endOffsets: (endOptions) => endOffsets(cluster, endOptions),
    read: openReader(cluster, partitions),
    async close() {
      await writer.close();
      await cluster.close();
    },
  };
}

/** Opens a topic as an event log after recreating it empty with `freshTopic`. */
export async function openFreshLog(options: KafkaOptions): Promise<EventLog> {
  await freshTopic(options, options.topic, options.partitions);
  return openKafkaLog(options);
}
