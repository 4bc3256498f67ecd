import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { priceMessage } from "../../labs/event.js";
import { kafkaClient, withAdmin } from "../../labs/log/kafka/client.js";
import { openKafkaLog } from "../../labs/log/kafka/log.js";
import { runPipeline } from "../../labs/run/pipeline.js";
import { runSparkPipeline } from "../../labs/run/spark-pipeline.js";
import { connectSpark } from "../../labs/spark/client.js";
import { localStore } from "../../labs/store/local.js";
import { PRODUCT_NAMES, readAll } from "../../labs/store/products.js";
import type { Store } from "../../labs/store/store.js";
import { openCheckpoint } from "../../labs/stream/checkpoint.js";
import { formatTime } from "../../labs/shared/time.js";
import { temporaryFolder } from "../support/folder.js";
import { produceTransactions } from "../support/transactions.js";
import { nothing } from "../support/source.js";
import { brokers, remote, uniqueName } from "./environment.js";

const kafka = kafkaClient({ brokers });
const PARTITIONS = 2;
/** What comes while the topic is filled: compaction needs records of now. */
const beganMs = Date.now();

function valueOf(index: number) {
  const timeMs = beganMs - 600_000 + index * 500;
  const message = priceMessage(
    `asset-${index % 40}`,
    10 + (index % 7),
    formatTime(timeMs),
    beganMs,
  );
  // Compaction keeps the last record of a key: about every second one here.
  const keyed = { ...message, key: `${index % 500}` };
  return index % 50 === 7 ? { ...keyed, value: "not json" } : keyed;
}

const configure = (topic: string, config: Record<string, string>) => ({
  topic,
  configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
});

/** Sums are exact here: prices are small whole numbers. Only a deviation may differ in its last digits. */
async function products(store: Store) {
  const rows = PRODUCT_NAMES.map(async (name) => {
    const lines = (await readAll(store, name)).map((row) =>
      JSON.stringify(row, (key, value: unknown) =>
        key === "stddev_price" && typeof value === "number" ? value.toFixed(9) : value,
      ),
    );
    return [name, lines.sort()] as const;
  });
  return Object.fromEntries(await Promise.all(rows));
}

test("both engines read the same batches of a topic with transactions, compaction and an added partition", async () => {
  const topic = uniqueName("committed");
  const compact = {
    "cleanup.policy": "compact",
    "segment.ms": "100",
    "min.cleanable.dirty.ratio": "0.001",
  };
  await withAdmin(kafka, (admin) =>
    admin.createTopics({
      topics: [{ numPartitions: PARTITIONS, ...configure(topic, compact) }],
    }),
  );
  const log = await openKafkaLog({ brokers, topic, partitions: PARTITIONS });
  onTestFinished(() => log.close());
  const committed = await produceTransactions(kafka, topic, {
    seed: 7,
    brokers,
    partitions: PARTITIONS,
    steps: 300,
    valueOf,
  });
  const count = async () => {
    let records = 0;
    for (const [partition, end] of (await log.endOffsets()).entries()) {
      for await (const read of log.read(partition, 0, end)) records += read.length;
    }
    return records;
  };
  let ticks = 0;
  await expect
    .poll(
      async () => {
        for (let partition = 0; partition < PARTITIONS; partition++) {
          const key = `tick-${partition}`;
          const value = valueOf(ticks++).value;
          const producer = kafka.producer();
          await producer.connect();
          await producer.send({ topic, messages: [{ key, value, partition }] });
          await producer.disconnect();
        }
        return count();
      },
      { timeout: 120_000, interval: 1_000 },
    )
    .toBeLessThan(committed.length - 100);
  await withAdmin(kafka, async (admin) => {
    const { configEntries } = configure(topic, {
      "cleanup.policy": "delete",
      "retention.ms": "-1",
    });
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: 2, name: topic, configEntries }],
    });
    await admin.createPartitions({ topicPartitions: [{ topic, count: PARTITIONS + 1 }] });
  });
  const producer = kafka.producer();
  await producer.connect();
  const added = Array.from({ length: 60 }, (_, index) => valueOf(2_000 + index).value);
  await expect
    .poll(
      () =>
        producer
          .send({
            topic,
            messages: [...added, null].map((value) => ({ value, partition: PARTITIONS })),
          })
          .then(() => "sent", String),
      { timeout: 10_000 },
    )
    .toBe("sent");
  await producer.disconnect();
  const all = await count();

  const query = {
    windows: { windowMs: 60_000, slideMs: 20_000 },
    delayMs: 60_000,
    changeThreshold: 1,
    batchSize: 500,
  };
  const [ourFolder, sparkFolder] = [await temporaryFolder(), await temporaryFolder()];
  const [ourStore, sparkStore] = [localStore(ourFolder), localStore(sparkFolder)];
  const checkpoint = await openCheckpoint(ourStore, topic, {});
  const ours = await runPipeline(
    { source: nothing, log, checkpoint, store: ourStore },
    { ...query, triggerMs: 1_000, appendFirst: true },
    new AbortController().signal,
  );
  const session = connectSpark(remote);
  onTestFinished(() => session.close());
  const sparks = await runSparkPipeline(
    { source: nothing, log, session, store: sparkStore },
    { ...query, brokers, topic, root: pathToFileURL(sparkFolder).href },
    { triggerMs: 1_000 },
    new AbortController().signal,
  );

  expect(ours.totals.events + ours.totals.rejected).toBe(all);
  expect(ours.totals.windows).toBeGreaterThan(50);
  expect(sparks.totals).toEqual({ ...ours.totals, lateEvents: null });
  expect(sparks.offsets).toEqual(ours.offsets);
  expect(await products(sparkStore)).toEqual(await products(ourStore));
  // Batch by batch: the last one is without data.
  for (let batch = 0; batch < ours.totals.batches; batch++) {
    const [, , own] = (await ourStore.read(`checkpoint/offsets/${batch}`)).toString().split("\n");
    const spark = (await sparkStore.read(join("checkpoint/windows/offsets", String(batch))))
      .toString()
      .split("\n");
    const byPartition = (JSON.parse(spark[2]!) as Record<string, Record<string, number>>)[topic]!;
    const offsets = Object.keys(byPartition).map((_, partition) => byPartition[partition]);
    expect(JSON.parse(own!), `batch ${batch}`).toEqual({ [topic]: offsets });
  }
});
