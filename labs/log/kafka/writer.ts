import kafkajs, { type Producer } from "kafkajs";
import { LabError, errorMessage } from "../../shared/errors.js";
import type { Notify } from "../../shared/notify.js";
import type { Message } from "../../event.js";
import { partitionOf } from "../partition.js";
import { IMPATIENT, client } from "./client.js";
import { unreachable, type TopicCluster } from "./cluster.js";
import { settledEndOffsets } from "./offsets.js";

/** Appends to a topic. */
export interface TopicWriter {
  append(messages: readonly Message[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a writer to a topic: an idempotent producer that waits for all replicas (`acks=all`; KIP-98), so that a broker
 * which comes back in the middle of a batch neither loses nor doubles a record. A topic has one writer at a time.
 *
 * @param partitions how many of the topic's partitions it writes to: the first ones
 */
export async function openWriter(
  cluster: TopicCluster,
  partitions: number,
  notify?: Notify,
): Promise<TopicWriter> {
  const { topic, brokers, patienceMs } = cluster;
  let producer: Producer | undefined;
  /** For each partition the offset after the last record that is known to be there. */
  let ends = await settledEndOffsets(cluster, partitions);

  async function send(messages: readonly Message[]): Promise<void> {
    if (producer === undefined) {
      producer = client(brokers, IMPATIENT).producer({
        idempotent: true,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
      });
      await producer.connect();
    }
    await producer.send({
      topic,
      acks: -1,
      compression: kafkajs.CompressionTypes.GZIP,
      messages: messages.map(({ key, value, timestampMs }) => {
        const partition = partitionOf(key, partitions);
        return { key, value, timestamp: String(timestampMs), partition };
      }),
    });
  }

  /**
   * After a failure looks how far the log has come and appends the rest. Trying again blindly would not do: Kafka
   * forgets an idempotent producer whose last record is a day old by the record's own timestamp
   * (`producer.id.expiration.ms`), which is every replay of an old tape, and a retry after a restart of the broker is
   * then taken for new records. Whoever opens a topic is its only writer, so the end offsets tell all.
   */
  async function append(messages: readonly Message[]): Promise<void> {
    const deadlineMs = performance.now() + patienceMs;
    let rest = [...messages];
    while (rest.length > 0) {
      try {
        await send(rest);
        for (const { key } of rest) ends[partitionOf(key, partitions)]!++;
        return;
      } catch (error) {
        if (/too large/i.test(errorMessage(error))) {
          throw new LabError(`Kafka refuses a record of ${topic}: ${errorMessage(error)}`);
        }
        if (performance.now() > deadlineMs) throw unreachable(brokers, error);
        notify?.(`Kafka did not take a batch (${errorMessage(error)}); trying again`);
        await producer?.disconnect().catch(() => {});
        producer = undefined;
        const now = await settledEndOffsets(cluster, partitions, ends);
        const taken = now.map((end, partition) => end - ends[partition]!);
        rest = rest.filter(({ key }) => taken[partitionOf(key, partitions)]!-- <= 0);
        ends = now;
      }
    }
  }

  return { append, close: async () => producer?.disconnect() };
}
