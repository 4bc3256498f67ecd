import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openKafkaLog } from "../../labs/log/kafka/log.js";
import { createTopic } from "../../labs/log/kafka/topics.js";
import { readBatchHeaders, readSegment } from "../../labs/course/lesson/segment.js";
import { ENVIRONMENT, brokers, stack, uniqueName } from "./environment.js";

/** Lines that compress well, some of them long, so that a batch is more than one block of any codec. */
const lines = Array.from({ length: 3_000 }, (_, index) =>
  JSON.stringify({ index, text: "price ".repeat(index % 100), random: Math.random() }),
);

/** Writes lines to a topic by Kafka's own console producer. */
async function produce(topic: string, codec: string): Promise<void> {
  const child = spawn(
    "setup/bin/kafka-console-producer.sh",
    [
      ...["--bootstrap-server", brokers[0]!, "--topic", topic],
      ...["--compression-codec", codec, "--batch-size", "900000"],
      ...["--producer-property", "linger.ms=500"],
    ],
    { stdio: ["pipe", "ignore", "inherit"], env: { ...process.env, ...ENVIRONMENT } },
  );
  child.stdin.end(`${lines.join("\n")}\n`);
  const [code] = (await once(child, "exit")) as [number];
  expect(code).toBe(0);
}

test.each(["none", "gzip", "snappy", "lz4", "zstd"])(
  "a topic that Kafka's producer compressed by %s is read",
  async (codec) => {
    const topic = uniqueName(codec);
    await createTopic({ brokers }, topic, 1);
    await produce(topic, codec);
    const segment = await readSegment(join(stack.places.data, "kafka"), topic);
    expect(readBatchHeaders(segment).every(({ compression }) => compression === codec)).toBe(true);
    const log = await openKafkaLog({ brokers, topic, partitions: 1, patienceMs: 10_000 });
    onTestFinished(() => log.close());
    const values = [];
    for await (const records of log.read(0, 0, lines.length)) {
      values.push(...records.map(({ value }) => value));
    }
    expect(values).toEqual(lines);
  },
);
