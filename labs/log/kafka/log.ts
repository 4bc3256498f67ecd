import { LabError } from "../../shared/errors.js";
import type { Notify } from "../../shared/notify.js";
import type { EventLog } from "../log.js";
import { PATIENCE_MS, client, describeKafka, patient, withAdmin } from "./client.js";
import { connectTopic, unreachable } from "./cluster.js";
import { endOffsets, startOffsets } from "./offsets.js";
import { openReader } from "./reader.js";
import { ensureTopic, freshTopic } from "./topics.js";
import { openWriter } from "./writer.js";

export interface KafkaOptions {
  /** `host:port` of some brokers of the cluster. */
  brokers: readonly string[];
  topic: string;
  /** The partitions of the topic where it must be made. */
  partitions: number;
  /** Told when a broker is away for a moment. */
  notify?: Notify;
  /** How long Kafka may be away before it is an error, milliseconds. */
  patienceMs?: number;
}

/**
 * Opens a topic of a Kafka cluster as an event log, making it where it is missing. Reads committed records only; the
 * checkpoint of what was read is ours.
 *
 * Partitions that were added to the topic are read. Appending keeps to the first ones, as many as `partitions` says:
 * with more, keys would move to other partitions, and their order would be lost.
 *
 * @throws LabError if Kafka stays away, or the topic has fewer partitions
 */
export async function openKafkaLog(options: KafkaOptions): Promise<EventLog> {
  const { brokers, topic, partitions, notify, patienceMs = PATIENCE_MS } = options;
  await describeKafka(brokers);
  const found = await withAdmin(client(brokers, patient(patienceMs)), (admin) =>
    ensureTopic(admin, topic, partitions),
  ).catch((error: unknown) => {
    throw error instanceof LabError ? error : unreachable(brokers, error);
  });
  if (found > partitions) {
    notify?.(
      `the topic ${topic} has ${found} partitions, --partitions is ${partitions}: reading all ${found}, writing to the first ${partitions}`,
    );
  }
  const cluster = connectTopic({ brokers, topic, patienceMs, notify });
  const writer = await openWriter(cluster, partitions, notify);
  return {
    topic,
    location: `the topic ${topic} on Kafka at ${brokers.join(",")}`,
    partitions,
    append: (messages) => writer.append(messages),
    // Kafka's promise against a power cut is its replicas: an append is answered when all in-sync ones have it (acks -1).
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

/** An event log of a topic that is made anew, as `freshTopic` does. */
export async function openFreshLog(options: KafkaOptions): Promise<EventLog> {
  await freshTopic(options.brokers, options.topic, options.partitions);
  return openKafkaLog(options);
}
