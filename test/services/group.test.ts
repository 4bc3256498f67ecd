import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import {
  consumeAsGroup,
  forgetGroup,
  groupLag,
  groupShares,
  joinGroup,
} from "../../labs/course/lesson/group.js";
import { kafkaClient } from "../../labs/log/kafka/client.js";
import { openFreshLog } from "../../labs/log/kafka/log.js";
import { freshTopic } from "../../labs/log/kafka/topics.js";
import { measureProducing } from "../../labs/course/lesson/measure.js";
import { readBatchHeaders, readSegment } from "../../labs/course/lesson/segment.js";
import { market } from "../../labs/source/market.js";
import { take } from "../../labs/course/lesson/observed.js";
import { produceTransactions } from "../support/transactions.js";
import { brokers, stack, uniqueName } from "./environment.js";

const kafka = kafkaClient(brokers);
const messages = await take(market({ seed: 1, events: 200, assets: 6 }), 200);

test("a group's lag is what it has not read, partition by partition, over restarts", async () => {
  const topic = uniqueName("lag");
  const group = uniqueName("group");
  const log = await openFreshLog({ brokers, topic, partitions: 3 });
  await log.append(messages);
  const ends = await log.endOffsets();
  await log.close();
  const lags = async () => (await groupLag(kafka, group, topic)).map(({ lag }) => lag);
  expect(await lags()).toEqual(ends);
  const first = await consumeAsGroup(kafka, group, topic, 10);
  expect(first.map(({ length }) => length)).toEqual([10, 10, 10]);
  expect(await lags()).toEqual(ends.map((end) => end - 10));
  const rest = await consumeAsGroup(kafka, group, topic, 1_000);
  expect(await lags()).toEqual([0, 0, 0]);
  expect([...first.flat(), ...rest.flat()].sort()).toEqual(
    messages.map(({ value }) => value).sort(),
  );
  await forgetGroup(kafka, group);
  expect(await lags()).toEqual(ends);
});

test("a group reads a topic with transactions to its end, and takes gaps for read", async () => {
  const topic = uniqueName("gaps");
  const group = uniqueName("group");
  await freshTopic(brokers, topic, 2);
  const valueOf = (index: number) => ({ key: "", value: `record ${index}`, timestampMs: index });
  const committed = await produceTransactions(kafka, topic, {
    ...{ seed: 3, brokers, partitions: 2, steps: 20, valueOf },
  });
  const first = await consumeAsGroup(kafka, group, topic, 5);
  const rest = await consumeAsGroup(kafka, group, topic, 1_000);
  // kafkajs's consumer shows some records of aborted transactions where transactions overlap, too.
  expect([...first.flat(), ...rest.flat()]).toEqual(
    expect.arrayContaining(committed.map(({ value }) => value)),
  );
  expect((await groupLag(kafka, group, topic)).map(({ lag }) => lag)).toEqual([0, 0]);
});

test("members share the partitions, each has one reader, and one too many has none", async () => {
  const topic = uniqueName("shares");
  const group = uniqueName("group");
  await freshTopic(brokers, topic, 2);
  const members = [];
  const sizes = [];
  for (let count = 1; count <= 3; count++) {
    members.push(await joinGroup(kafka, group, topic));
    const shares = await groupShares(kafka, group, topic, count);
    expect(shares.flat().sort()).toEqual([0, 1]);
    sizes.push(shares.map(({ length }) => length));
  }
  expect(sizes).toEqual([[2], [1, 1], [1, 1, 0]]);
  await members[0]!.leave();
  expect((await groupShares(kafka, group, topic, 2)).map(({ length }) => length)).toEqual([1, 1]);
  for (const member of members.slice(1)) await member.leave();
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
  await freshTopic(brokers, topic, 1);
  const { requests } = await measureProducing(kafka, topic, messages, {
    batchSize: 30,
    acks: -1,
    idempotent: true,
  });
  expect(requests).toBe(7);
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
