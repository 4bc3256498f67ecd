import { setTimeout as sleep } from "node:timers/promises";
import type { Kafka, Message as KafkaMessage } from "kafkajs";
import { connectTopic } from "../../labs/log/kafka/cluster.js";
import { LATEST, listOffsets } from "../../labs/log/kafka/fetch.js";
import { seededRandom } from "../../labs/source/market.js";

/** A record, as a reader of committed records sees it. */
export interface Committed {
  partition: number;
  offset: number;
  value: string;
}

/**
 * Fills a topic from several producers with overlapping transactions, some committed and some aborted, and from a producer
 * without transactions. No transaction is open at the end.
 *
 * @param valueOf the value of the n-th record
 * @returns the records that a reader of committed records must see
 */
export async function produceTransactions(
  kafka: Kafka,
  topic: string,
  options: {
    seed: number;
    brokers: readonly string[];
    partitions: number;
    steps: number;
    valueOf: (index: number) => { key: string; value: string; timestampMs: number };
  },
): Promise<Committed[]> {
  const { seed, brokers, partitions, steps, valueOf } = options;
  const random = seededRandom(seed);
  const committed: Committed[] = [];
  const plain = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  const writers = [0, 1, 2].map((id) => ({
    producer: kafka.producer({
      transactionalId: `${topic}-${id}`,
      idempotent: true,
      maxInFlightRequests: 1,
    }),
    transaction: undefined as Awaited<ReturnType<typeof plain.transaction>> | undefined,
    written: [] as Committed[],
  }));
  await plain.connect();
  for (const { producer } of writers) await producer.connect();

  let count = 0;
  async function write(
    send: typeof plain.send,
    into: Committed[],
    partition: number,
  ): Promise<void> {
    const messages = Array.from({ length: 1 + Math.floor(random() * 8) }, (): KafkaMessage => {
      const { key, value, timestampMs } = valueOf(count++);
      return { key, value, timestamp: String(timestampMs), partition };
    });
    const [sent] = await send({ topic, acks: -1, messages });
    for (const [index, { value }] of messages.entries()) {
      const offset = Number(sent!.baseOffset) + index;
      into.push({ partition, offset, value: String(value) });
    }
  }

  for (let step = 0; step < steps; step++) {
    const partition = Math.floor(random() * partitions);
    const writer = writers[Math.floor(random() * (writers.length + 1))];
    if (writer === undefined) {
      await write((record) => plain.send(record), committed, partition);
      continue;
    }
    writer.transaction ??= await writer.producer.transaction();
    const { transaction } = writer;
    await write((record) => transaction.send(record), writer.written, partition);
    if (random() < 0.3) await end(writer, random() < 0.5);
  }
  for (const writer of writers) await end(writer, random() < 0.5);

  async function end(writer: (typeof writers)[number], isCommit: boolean): Promise<void> {
    if (writer.transaction === undefined) return;
    await (isCommit ? writer.transaction.commit() : writer.transaction.abort());
    if (isCommit) committed.push(...writer.written);
    writer.written = [];
    writer.transaction = undefined;
  }

  await plain.disconnect();
  for (const { producer } of writers) await producer.disconnect();
  // Kafka writes the control records of a transaction after it has acknowledged its end.
  const cluster = connectTopic({ brokers, topic, patienceMs: 20_000 });
  const ends = (readUncommitted: boolean) =>
    cluster.attempt("Read", (each) => listOffsets(each, topic, LATEST, readUncommitted));
  while (String(await ends(true)) !== String(await ends(false))) await sleep(20);
  await cluster.close();
  return committed.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}
