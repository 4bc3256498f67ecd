import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Consumer } from "kafkajs";
import { expect, test } from "vitest";
import { groupShares } from "../../labs/course/lesson/group.js";
import { readBatchHeaders, readSegment } from "../../labs/course/lesson/segment.js";
import { forget, readTopic } from "../../labs/course/lesson/topic.js";
import { kafkaClient, withAdmin } from "../../labs/log/kafka/client.js";
import { openFreshLog } from "../../labs/log/kafka/log.js";
import { freshTopic } from "../../labs/log/kafka/topics.js";
import { market } from "../../labs/source/market.js";
import { take } from "../../labs/course/lesson/observed.js";
import { produceTransactions } from "../support/transactions.js";
import { brokers, stack, uniqueName } from "./environment.js";

const kafka = kafkaClient({ brokers });
const messages = await take(market({ seed: 1, events: 200, assets: 6 }), 200);

/** Joins a group with a new consumer. */
async function joinGroup(groupId: string, topic: string): Promise<Consumer> {
  const consumer = kafka.consumer({ groupId, heartbeatInterval: 200, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: () => Promise.resolve() });
  return consumer;
}

test("a topic is read with its keys, headers and tombstones, in order of partition and offset", async () => {
  const topic = uniqueName("read");
  await freshTopic({ brokers }, topic, 2);
  expect(await readTopic(kafka, topic)).toEqual([]);
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({
    topic,
    messages: [
      { partition: 1, key: "a", value: null, timestamp: "5" },
      { partition: 0, key: "b", value: "2", timestamp: "6", headers: { why: "because" } },
      { partition: 1, value: "3", timestamp: "7" },
    ],
  });
  await producer.disconnect();
  expect(await readTopic(kafka, topic)).toEqual([
    { partition: 0, offset: 0, key: "b", value: "2", timestampMs: 6, headers: { why: "because" } },
    { partition: 1, offset: 0, key: "a", value: null, timestampMs: 5, headers: {} },
    { partition: 1, offset: 1, key: "", value: "3", timestampMs: 7, headers: {} },
  ]);
});

test("a topic with transactions is read to its end, whatever is there", async () => {
  const topic = uniqueName("gaps");
  await freshTopic({ brokers }, topic, 2);
  const valueOf = (index: number) => ({ key: "", value: `record ${index}`, timestampMs: index });
  const committed = await produceTransactions(kafka, topic, {
    seed: 3,
    brokers,
    partitions: 2,
    steps: 20,
    valueOf,
  });
  const found = (await readTopic(kafka, topic)).map(({ value }) => value);
  // kafkajs's consumer shows some records of aborted transactions where transactions overlap, too.
  expect(found).toEqual(expect.arrayContaining(committed.map(({ value }) => value)));
});

test("topics and groups of a prefix are forgotten, and their names are free", async () => {
  const prefix = uniqueName("forget");
  const topics = [`${prefix}-one`, `${prefix}-two`];
  const groupId = `${prefix}-group`;
  for (const topic of topics) await freshTopic({ brokers }, topic, 1);
  await withAdmin(kafka, (admin) =>
    admin.setOffsets({ groupId, topic: topics[0]!, partitions: [{ partition: 0, offset: "7" }] }),
  );
  await forget(kafka, prefix);
  await withAdmin(kafka, async (admin) => {
    expect(await admin.createTopics({ topics: [{ topic: topics[0]!, numPartitions: 1 }] })).toBe(
      true,
    );
    expect(await admin.listTopics()).not.toContain(topics[1]);
    const [place] = await admin.fetchOffsets({ groupId, topics: [topics[0]!] });
    expect(place!.partitions[0]!.offset).toBe("-1");
  });
  await forget(kafka, prefix);
});

test("members share the partitions, each has one reader, and one too many has none", async () => {
  const topic = uniqueName("shares");
  const group = uniqueName("group");
  await freshTopic({ brokers }, topic, 2);
  const members = [];
  const sizesOf = (shares: Record<string, number[]>) =>
    Object.values(shares)
      .map(({ length }) => length)
      .sort();
  const sizes = [];
  for (let count = 1; count <= 3; count++) {
    members.push(await joinGroup(group, topic));
    const shares = await groupShares(kafka, group, topic, count);
    expect(Object.values(shares).flat().sort()).toEqual([0, 1]);
    sizes.push(sizesOf(shares));
  }
  expect(sizes).toEqual([[2], [1, 1], [0, 1, 1]]);
  await members[0]!.disconnect();
  expect(sizesOf(await groupShares(kafka, group, topic, 2))).toEqual([1, 1]);
  for (const member of members.slice(1)) await member.disconnect();
});

test("a topic that is made fresh is empty, whatever was in it", async () => {
  const topic = uniqueName("fresh");
  for (const partitions of [1, 3]) {
    const log = await openFreshLog({ brokers, topic, partitions });
    expect(await log.endOffsets()).toEqual(new Array(partitions).fill(0));
    await log.append(messages);
    await log.close();
  }
});

test("batch heads read from the broker's disk are those that Kafka's own tool finds", async () => {
  const topic = uniqueName("segment");
  await freshTopic({ brokers }, topic, 1);
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  for (let from = 0; from < messages.length; from += 30) {
    const batch = messages.slice(from, from + 30).map(({ key, value, timestampMs }) => {
      return { key, value, timestamp: String(timestampMs) };
    });
    await producer.send({ topic, messages: batch });
  }
  await producer.disconnect();
  const data = join(stack.places.data, "kafka");
  const headers = readBatchHeaders(await readSegment(data, topic));
  const { stdout } = await promisify(execFile)(".lab/java/bin/java", [
    ...["-cp", ".lab/kafka/jars/*", "kafka.tools.DumpLogSegments"],
    ...["--files", join(data, `${topic}-0`, `${"0".repeat(20)}.log`)],
  ]);
  const found = [...stdout.matchAll(/^baseOffset: .*$/gm)].map(([line]) => {
    const field = (name: string) => Number(new RegExp(`\\b${name}: (-?\\d+)`).exec(line)![1]);
    return {
      position: field("position"),
      baseOffset: field("baseOffset"),
      records: field("count"),
      bytes: field("size"),
      producerId: field("producerId"),
      baseSequence: field("baseSequence"),
      maxTimestampMs: field("CreateTime"),
    };
  });
  expect(found).toHaveLength(7);
  expect(headers).toEqual(found.map((each) => ({ ...each, compression: "none" })));
});
