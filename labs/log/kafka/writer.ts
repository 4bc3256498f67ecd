import kafkajs, { type Producer } from "kafkajs";
import { LabError, errorMessage } from "../../shared/errors.js";
import type { Notify } from "../../shared/notify.js";
import type { Message, Value } from "../../event.js";
import { partitionOf } from "../partition.js";
import { SINGLE_RETRY, client } from "./client.js";
import type { TopicCluster } from "./cluster.js";
import { isRefused, kafkaError } from "./errors.js";
import { settledEndOffsets } from "./offsets.js";

/**
 * Opens a writer that appends messages to a topic: an idempotent producer with `acks=all` (KIP-98), so that a broker that restarts in the middle of
 * a batch neither loses nor duplicates records. A topic must have only one writer at a time.
 *
 * @param partitions writes only to the first `partitions` of the topic
 */
export async function openWriter(cluster: TopicCluster, partitions: number, notify?: Notify) {
  const { topic, address, patienceMs } = cluster;
  let producer: Producer | undefined;
  /** For each partition, the offset after the last record known to be in the log. */
  let ends = await settledEndOffsets(cluster, partitions);

  async function send(messages: readonly Message<Value>[]): Promise<void> {
    if (producer === undefined) {
      producer = client(address, SINGLE_RETRY).producer({
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
   * After a failure, checks the end offsets and appends only what is missing. A plain retry could duplicate records: Kafka
   * forgets an idempotent producer whose last record is a day old by its own timestamp (`producer.id.expiration.ms`), which
   * is the case for every replay of an old tape, and accepts a retry after a broker restart as new records. The end offsets
   * are reliable because the topic has no other writer.
   */
  async function append(messages: readonly Message<Value>[]): Promise<void> {
    const deadlineMs = performance.now() + patienceMs;
    let rest = [...messages];
    while (rest.length > 0) {
      try {
        await send(rest);
        for (const { key } of rest) ends[partitionOf(key, partitions)]!++;
        return;
      } catch (error) {
        if (/too large/i.test(errorMessage(error))) {
          throw new LabError(
            `Kafka rejected a record for the topic ${topic}: ${errorMessage(error)}`,
          );
        }
        if (isRefused(error) || performance.now() > deadlineMs) {
          throw kafkaError(address, error, { right: "Write", topic });
        }
        notify?.(`Kafka did not accept a batch (${errorMessage(error)}); trying again`);
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
