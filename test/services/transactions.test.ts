import { expect, onTestFinished, test } from "vitest";
import { connectTopic } from "../../labs/log/kafka/cluster.js";
import { fetchRecords } from "../../labs/log/kafka/fetch.js";
import { kafkaClient, withAdmin } from "../../labs/log/kafka/client.js";
import { openKafkaLog } from "../../labs/log/kafka/log.js";
import type { EventLog } from "../../labs/log/log.js";
import { seededRandom } from "../../labs/source/market.js";
import { produceTransactions } from "../support/transactions.js";
import { brokers, uniqueName } from "./environment.js";
import { readRange } from "../support/log.js";

const kafka = kafkaClient({ brokers });

async function open(partitions: number, topic = uniqueName("transactions")): Promise<EventLog> {
  const log = await openKafkaLog({ brokers, topic, partitions, patienceMs: 20_000 });
  onTestFinished(() => log.close());
  return log;
}

async function readPlaced(log: EventLog, partition: number, from: number, to: number) {
  const records = await readRange(log, partition, from, to);
  return records.map(({ offset, value }) => ({ partition, offset, value }));
}

const plain = (index: number) => ({ key: "", value: `record ${index}`, timestampMs: index });

test.each([1, 2, 3])(
  "any range of a topic with overlapping transactions has its committed records, no others (seed %i)",
  async (seed) => {
    const partitions = 2;
    const log = await open(partitions);
    const committed = await produceTransactions(kafka, log.topic, {
      seed,
      brokers,
      partitions,
      steps: 80,
      valueOf: plain,
    });
    const ends = await log.endOffsets();
    const random = seededRandom(seed);
    for (const [partition, end] of ends.entries()) {
      const own = committed.filter((record) => record.partition === partition);
      expect(own.length).toBeLessThan(end); // there are gaps
      expect(await readPlaced(log, partition, 0, end)).toEqual(own);
      for (let round = 0; round < 40; round++) {
        const from = Math.floor(random() * (end + 1));
        const to = from + Math.floor(random() * (end + 1 - from));
        expect(await readPlaced(log, partition, from, to), `${from} to ${to}`).toEqual(
          own.filter(({ offset }) => offset >= from && offset < to),
        );
      }
    }
  },
);

test("an open transaction ends what can be read, until it is committed", async () => {
  const log = await open(1);
  await log.append([plain(0), plain(1)]);
  const producer = kafka.producer({
    transactionalId: log.topic,
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic: log.topic, messages: [{ value: "open", partition: 0 }] });
  await log.append([plain(2)]);
  expect(await log.endOffsets()).toEqual([2]);
  expect(await log.endOffsets({ readUncommitted: true })).toEqual([4]);
  expect(await readPlaced(log, 0, 0, 2)).toHaveLength(2);
  await transaction.commit();
  await producer.disconnect();
  await expect.poll(() => log.endOffsets(), { timeout: 20_000 }).toEqual([5]);
  expect((await readPlaced(log, 0, 0, 5)).map(({ value }) => value)).toEqual([
    ...["record 0", "record 1", "open", "record 2"],
  ]);
});

test("a compacted topic is read over its gaps, also where whole batches are gone", async () => {
  const topic = uniqueName("compacted");
  await withAdmin(kafka, async (admin) => {
    const configEntries = Object.entries({
      "cleanup.policy": "compact",
      "segment.ms": "100",
      "min.cleanable.dirty.ratio": "0.001",
      "delete.retention.ms": "0",
    }).map(([name, value]) => ({ name, value }));
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }] });
  });
  const log = await open(1, topic);
  const nowMs = Date.now();
  const keyed = (key: string, value: string) => ({ key, value, timestampMs: nowMs });
  // One batch each: the first keeps nothing (but is kept itself, as its producer's last one), the second every third
  // record.
  const other = await open(1, topic);
  await other.append(Array.from({ length: 50 }, (_, index) => keyed(`gone ${index}`, "old")));
  await log.append(Array.from({ length: 90 }, (_, index) => keyed(`key ${index}`, `${index}`)));
  await log.append(
    Array.from({ length: 90 }, (_, index) => keyed(`key ${index}`, `new ${index}`)).filter(
      (_, index) => index % 3 > 0,
    ),
  );
  await log.append(Array.from({ length: 50 }, (_, index) => keyed(`gone ${index}`, "newer")));
  const [end] = await log.endOffsets();
  expect(end).toBe(250);
  let tick = 0;
  await expect
    .poll(
      async () => {
        // What is not in the last segment is compacted, and a segment ends when a record comes after its time.
        await log.append([{ key: "tick", value: `${tick++}`, timestampMs: Date.now() }]);
        const again = await openKafkaLog({ brokers, topic, partitions: 1 });
        const records = await readRange(again, 0, 0, 250);
        await again.close();
        return records.map(({ offset }) => offset);
      },
      { timeout: 120_000, interval: 2_000 },
    )
    .toEqual([
      ...Array.from({ length: 30 }, (_, index) => 50 + 3 * index),
      ...Array.from({ length: 110 }, (_, index) => 140 + index),
    ]);
  for (const [from, to, count] of [
    [0, 50, 0],
    [10, 51, 1],
    [51, 53, 0],
    [137, 141, 2],
  ] as const) {
    expect(await readPlaced(log, 0, from, to), `${from} to ${to}`).toHaveLength(count);
  }
  const cluster = connectTopic({ brokers, topic, patienceMs: 20_000 });
  const fetch = (maxBytes: number) =>
    cluster.attempt("Read", (each) => fetchRecords(each, topic, 0, 0, maxBytes));
  const largest = await fetch(1_000_000);
  // No more than the batch without records fits.
  expect(await fetch(70)).toEqual(largest);
  await cluster.close();
});
