import { expect, onTestFinished, test } from "vitest";
import { priceMessage } from "../../labs/event.js";
import { kafkaClient, withAdmin } from "../../labs/log/kafka/client.js";
import { openKafkaLog } from "../../labs/log/kafka/log.js";
import { freshTopic } from "../../labs/log/kafka/topics.js";
import type { EventLog } from "../../labs/log/log.js";
import { localStore } from "../../labs/store/local.js";
import { readAll } from "../../labs/store/products.js";
import { openCheckpoint } from "../../labs/stream/checkpoint.js";
import type { Query } from "../../labs/stream/query.js";
import { openPriceQuery } from "../../labs/run/price-query.js";
import { formatTime } from "../../labs/shared/time.js";
import { temporaryFolder } from "../support/folder.js";
import { runPipelineCommand, start } from "../support/command.js";
import { ENVIRONMENT, brokers, uniqueName } from "./environment.js";

// What happens to a topic behind the back of who reads it.

const kafka = kafkaClient({ brokers });

async function open(partitions: number, topic: string): Promise<EventLog> {
  const log = await openKafkaLog({ brokers, topic, partitions });
  onTestFinished(() => log.close());
  return log;
}

const prices = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => {
    const timeMs = (from + index) * 1_000;
    return priceMessage(`asset-${index % 9}`, 1 + index, formatTime(timeMs), timeMs);
  });

const query = async (log: EventLog, folder: string): Promise<Query> =>
  openPriceQuery(
    log,
    await openCheckpoint(localStore(folder), log.topic, {}),
    () => Promise.resolve(),
    {
      windows: { windowMs: 60_000, slideMs: 60_000 },
      delayMs: 0,
      changeThreshold: 1,
      batchSize: 1_000,
    },
  );

/** Deletes a topic and waits until Kafka has forgotten it. */
async function deleteTopic(topic: string): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    await admin.deleteTopics({ topics: [topic] });
    await expect.poll(() => admin.listTopics(), { timeout: 20_000 }).not.toContain(topic);
  });
}

test("a topic that is deleted under its log is said to be deleted, for reading and for appending", async () => {
  const log = await open(1, uniqueName("deleted"));
  await log.append(prices(10));
  await deleteTopic(log.topic);
  const deleted = /the topic deleted-.* no longer exists on Kafka at .*: .*--fresh/;
  await expect(log.endOffsets()).rejects.toThrow(deleted);
  await expect(log.append(prices(1))).rejects.toThrow(deleted);
  const reading = async () => {
    for await (const records of log.read(0, 0, 10)) void records;
  };
  await expect(reading()).rejects.toThrow(deleted);
});

test("a topic that was made anew below what was read of it is refused, at the start and under a run", async () => {
  const topic = uniqueName("anew");
  const folder = await temporaryFolder();
  const log = await open(2, topic);
  await log.append(prices(90));
  const running = await query(log, folder);
  await running.runBatch();
  const [first, second] = running.offsets;
  await freshTopic({ brokers }, topic, 2);
  const lost = new RegExp(
    `the topic ${topic} on Kafka at .* has lost records .*partition 0 ends at offset 0, not ${first}; partition 1 ends at offset 0, not ${second}.*--fresh`,
  );
  await expect(running.runBatch()).rejects.toThrow(lost);
  const again = await open(2, topic);
  await expect(query(again, folder)).rejects.toThrow(lost);
});

test("records that were removed before they were read are refused, those that were read are not missed", async () => {
  const topic = uniqueName("removed");
  const folder = await temporaryFolder();
  const log = await open(1, topic);
  await log.append(prices(50));
  await (await query(log, folder)).runBatch();
  await log.append(prices(50, 50));
  const removeTo = (offset: string) =>
    withAdmin(kafka, async (admin) => {
      await admin.fetchTopicOffsets(topic); // loads what deleteTopicRecords needs
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] });
    });
  await removeTo("50");
  expect(await log.startOffsets()).toEqual([50]);
  const resumed = await query(log, folder);
  await removeTo("60");
  await expect(resumed.runBatch()).rejects.toThrow(/holds offsets 60–99; offset 50 is missing/);
  const again = await open(1, topic);
  await expect(query(again, folder)).rejects.toThrow(
    /partition 0 begins at offset 60, but the next offset to read is 50/,
  );
  // Who has read nothing begins where the topic begins, as Spark does with `startingOffsets=earliest`.
  expect((await (await query(again, await temporaryFolder())).runBatch()).numInputRows).toBe(40);
});

test("partitions added to a topic are read from their beginning, and remembered in the checkpoint", async () => {
  const topic = uniqueName("added");
  const folder = await temporaryFolder();
  const log = await open(1, topic);
  await log.append(prices(30));
  const running = await query(log, folder);
  await running.runBatch();
  await withAdmin(kafka, (admin) =>
    admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] }),
  );
  const producer = kafka.producer();
  await producer.connect();
  onTestFinished(() => producer.disconnect());
  const messages = prices(20, 30).map(({ value }, index) => ({
    value,
    partition: 1 + (index % 2),
  }));
  await expect
    .poll(() => producer.send({ topic, messages }).then(() => "sent", String), { timeout: 10_000 })
    .toBe("sent");
  expect(await log.endOffsets()).toEqual([30, 10, 10]);
  expect((await running.runBatch()).source).toEqual({
    startOffset: [30],
    endOffset: [30, 10, 10],
  });
  await log.append(prices(5, 60));
  expect(await log.endOffsets()).toEqual([35, 10, 10]);
  const again = await open(1, topic);
  const resumed = await query(again, folder);
  expect(resumed.offsets).toEqual([30, 10, 10]);
  expect((await resumed.runBatch()).numInputRows).toBe(5);
  expect(resumed.totals.events).toBe(55);
});

test("a run whose topic is deleted ends in words, and the same command makes it whole again from a finite source", async () => {
  const out = await temporaryFolder();
  const args = [
    ...["--source", "market", "--events", "2000", "--batch", "500", "--log", "kafka"],
    ...["--follow", "--trigger", "100ms", "--out", out],
  ];
  const { result } = start("scripts/run-pipeline.ts", args, ENVIRONMENT);
  const store = localStore(out);
  await expect.poll(() => store.list("checkpoint/commits"), { timeout: 40_000 }).toContain("3");
  const topic = (await store.read("checkpoint/topic")).toString();
  await deleteTopic(topic);
  const { code, stderr } = await result;
  expect(code, stderr).toBe(1);
  expect(stderr).toContain(`the topic ${topic} no longer exists on Kafka`);
  expect(stderr).not.toContain("up kafka");
  const before = await readAll(store, "prices");
  const again = await runPipelineCommand(
    args.filter((each) => each !== "--follow"),
    ENVIRONMENT,
  );
  expect(again.code, again.stderr).toBe(0);
  expect(await readAll(store, "prices")).toEqual(before);
});
