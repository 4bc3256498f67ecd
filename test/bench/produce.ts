import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import kafkajs from "kafkajs";
import { createTopic } from "../../labs/log/kafka/topics.js";
import { asFast, inThousands, timed, type Benchmark } from "./benchmark.js";
import { PARTITIONS } from "./market-log.js";
import { STACK_EVENTS } from "./stack.js";

const rate = (ms: number) => `${inThousands((STACK_EVENTS / ms) * 1_000)} records/s`;

export const produce: Benchmark = {
  name: "produce",
  help: "writing events to Kafka: plain kafkajs, our producer, and Kafka's own tool",
  async measure(bench) {
    const { stack, name, start, messages, fillTopic } = bench.stack();
    const { brokers } = stack.addresses;
    await start();
    const oursMs = await fillTopic();
    const topic = `${name}_bare`;
    await createTopic({ brokers }, topic, PARTITIONS);
    const producer = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }).producer({
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    const chunks = await messages();
    const bareMs = await timed(async () => {
      for (const chunk of chunks) {
        const sent = chunk.map(({ key, value }) => ({ key, value }));
        await producer.send({ topic, acks: -1, messages: sent });
      }
    });
    await producer.disconnect();
    const javaMs = await javaTool(bench.root, topic);
    return [
      { what: "produce: bare kafkajs, acks −1", value: rate(bareMs), ratio: "1" },
      {
        what: "produce: ours (idempotent, gzip, by asset)",
        value: rate(oursMs),
        ratio: asFast(bareMs, oursMs),
      },
      {
        what: "produce: kafka-producer-perf-test (Java)",
        value: rate(javaMs),
        ratio: asFast(bareMs, javaMs),
      },
    ];
  },
};

/** @returns how long Kafka's own tool takes for as many records, milliseconds */
async function javaTool(root: string, topic: string): Promise<number> {
  const tool = join(root, "setup/bin/kafka-producer-perf-test.sh");
  const { stdout } = await promisify(execFile)(tool, [
    ...["--topic", topic, "--num-records", String(STACK_EVENTS), "--record-size", "90"],
    ...["--throughput", "-1"],
  ]);
  const perSecond = Number(/([\d.]+) records\/sec/.exec(stdout.trim().split("\n").at(-1)!)![1]);
  return (STACK_EVENTS / perSecond) * 1_000;
}
