import { expect, onTestFinished, test } from "vitest";
import { LabError } from "../../labs/shared/errors.js";
import { priceMessage, type Message } from "../../labs/event.js";
import { openKafkaLog } from "../../labs/log/kafka/log.js";
import { partitionOf } from "../../labs/log/partition.js";
import { seededRandom } from "../../labs/source/market.js";
import { formatTime } from "../../labs/shared/time.js";
import { brokers, stack, uniqueName, killService } from "./environment.js";
import type { LogRecord } from "../../labs/log/log.js";
import { readRange } from "../support/log.js";

async function open(partitions: number, options: { topic?: string; patienceMs?: number } = {}) {
  const { topic = uniqueName("log"), patienceMs } = options;
  const log = await openKafkaLog({ brokers, topic, partitions, patienceMs });
  onTestFinished(() => log.close());
  return log;
}

function messages(count: number, assets = 7): Message[] {
  return Array.from({ length: count }, (_, index) =>
    priceMessage(`asset-${index % assets}`, 1 + index, formatTime(index * 100), index * 100 + 3),
  );
}

/** What each partition must hold, with its offsets. */
const expected = (all: Message[], partitions: number) =>
  Array.from({ length: partitions }, (_, partition) =>
    all
      .filter(({ key }) => partitionOf(key, partitions) === partition)
      .map((message, offset) => ({ ...message, offset })),
  );

test("records come back in order from the partition of their key, whatever ranges are asked", async () => {
  const partitions = 3;
  const log = await open(partitions);
  const odd: Message[] = [
    { key: "", value: "not json", timestampMs: 5 },
    { key: "é🎈\t\n", value: "line\nbreak \u2028 \\ ✓", timestampMs: 1_700_000_000_000 },
  ];
  const all = [...messages(5_000), ...odd];
  for (let start = 0; start < all.length; start += 1_700)
    await log.append(all.slice(start, start + 1_700));
  const wanted = expected(all, partitions);
  expect(await log.endOffsets()).toEqual(wanted.map(({ length }) => length));
  const random = seededRandom(1);
  for (let round = 0; round < 30; round++) {
    const partition = Math.floor(random() * partitions);
    const end = wanted[partition]!.length;
    const from = Math.floor(random() * end);
    const to = Math.min(end, from + Math.floor(random() * 900));
    expect(await readRange(log, partition, from, to)).toEqual(wanted[partition]!.slice(from, to));
  }
});

test("another process sees the same log, and a topic with other partitions is refused", async () => {
  const log = await open(2);
  await log.append(messages(100));
  const again = await open(2, { topic: log.topic });
  expect(await again.endOffsets()).toEqual(await log.endOffsets());
  await expect(openKafkaLog({ brokers, topic: log.topic, partitions: 3 })).rejects.toThrow(
    /has 2 partitions, not 3/,
  );
});

test("a range that the topic does not hold is a clear error", async () => {
  const log = await open(1, { patienceMs: 2_000 });
  await log.append(messages(10));
  await expect(readRange(log, 0, 5, 20)).rejects.toThrow(/holds offsets 0–9; offset 10 is missing/);
});

test("a broker that is killed in the middle of appending and comes back has every record once, in order", async () => {
  const partitions = 3;
  const log = await open(partitions);
  const all = messages(30_000);
  const killing = (async () => {
    for (let round = 0; round < 2; round++) {
      await new Promise((resolve) => setTimeout(resolve, 150));
      await killService("kafka");
      await stack.start("kafka");
    }
  })();
  for (let start = 0; start < all.length; start += 250)
    await log.append(all.slice(start, start + 250));
  await killing;
  const wanted = expected(all, partitions);
  expect(await log.endOffsets()).toEqual(wanted.map(({ length }) => length));
  for (const [partition, records] of wanted.entries()) {
    expect(await readRange(log, partition, 0, records.length)).toEqual(records);
  }
});

test("a broker that is killed in the middle of reading and comes back loses and doubles nothing", async () => {
  const log = await open(1);
  const all = messages(60_000);
  for (let start = 0; start < all.length; start += 5_000)
    await log.append(all.slice(start, start + 5_000));
  const records: LogRecord[] = [];
  let killing: Promise<void> | undefined;
  for (let from = 0; from < all.length; from += 1_000) {
    records.push(...(await readRange(log, 0, from, from + 1_000)));
    if (from === 10_000) killing = killService("kafka").then(() => stack.start("kafka"));
  }
  await killing;
  expect(records).toEqual(expected(all, 1)[0]);
});

test("a broker that stays down is a clear error in bounded time, for appending, reading and opening", async () => {
  const log = await open(1, { patienceMs: 4_000 });
  await log.append(messages(50));
  expect(await readRange(log, 0, 0, 10)).toHaveLength(10);
  await stack.stop("kafka");
  try {
    const remedy = /Kafka does not answer at 127\.0\.0\.1:\d+ .*stack\.ts up kafka/;
    await expect(log.append(messages(10))).rejects.toThrow(remedy);
    await expect(readRange(log, 0, 45, 60)).rejects.toThrow(LabError);
    await expect(openKafkaLog({ brokers, topic: "any", partitions: 1 })).rejects.toThrow(remedy);
  } finally {
    await stack.start("kafka");
  }
});
