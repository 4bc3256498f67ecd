import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import kafkajs from "kafkajs";
import type { Config } from "../labs/shared/config.js";
import type { Message } from "../labs/event.js";
import { openKafkaLog } from "../labs/log/kafka/log.js";
import { sum } from "../labs/run/pipeline.js";
import { chunks } from "../labs/source/chunks.js";
import { market } from "../labs/source/market.js";
import { PROTOCOL, connectSpark } from "../labs/spark/client.js";
import { startSparkJob } from "../labs/spark/job.js";
import { SERVICE_NAMES } from "../labs/stack/service.js";
import { openStack } from "../labs/stack/stack.js";
import { hdfsStore } from "../labs/store/hdfs.js";
import { createProducts, readAll, writeBatch } from "../labs/store/products.js";
import { openCheckpoint } from "../labs/stream/checkpoint.js";
import { openPriceQuery } from "../labs/run/price-query.js";

const EVENTS = 200_000;
const BATCH = 50_000;
const CHUNK = 5_000;
const PARTITIONS = 3;
const FILE_MB = 100;
const QUERY = {
  windows: { windowMs: 60_000, slideMs: 10_000 },
  delayMs: 30_000,
  changeThreshold: 0.5,
  batchSize: BATCH,
};
const say = (text: string) => console.error(text);
const none = new AbortController().signal;

function places(config: Config) {
  const { ports } = config.stack;
  return {
    brokers: [`127.0.0.1:${ports.KAFKA_PORT}`],
    remote: `sc://127.0.0.1:${ports.SPARK_PORT}`,
    hdfs: { host: "127.0.0.1", httpPort: ports.NAMENODE_HTTP_PORT, rpcPort: ports.NAMENODE_PORT },
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** What the bench starts as a process of its own: Kafka → windows → Parquet on HDFS, by our engine. */
export async function consume(config: Config, topic: string, products: string): Promise<void> {
  const { brokers, hdfs } = places(config);
  const log = await openKafkaLog({ brokers, topic, partitions: PARTITIONS });
  const store = hdfsStore({ ...hdfs, path: `/bench/${topic}/${products}` }, true);
  await createProducts(store);
  const checkpoint = await openCheckpoint(store, topic, {});
  const query = await openPriceQuery(
    log,
    checkpoint,
    (output) => writeBatch(store, products === "all" ? output : { ...output, events: [] }),
    QUERY,
  );
  const total = sum(await log.endOffsets());
  while (sum(query.offsets) < total) await query.runBatch();
  await query.runBatchWithoutData();
  await log.close();
}

/** Measures the real stack: [what, figure, ratio] each. */
export async function benchStack(root: string, config: Config): Promise<string[][]> {
  const { brokers, remote, hdfs } = places(config);
  const stack = openStack(root, config.stack);
  const rows: string[][] = [];
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`;

  say("starting the stack from cold …");
  for (const name of [...SERVICE_NAMES].reverse()) await stack.stop(name);
  await stack.prepare(SERVICE_NAMES);
  const upMs = await timed(() => Promise.all(SERVICE_NAMES.map((name) => stack.start(name))));
  const memory = sum((await stack.status()).map(({ memoryBytes }) => memoryBytes ?? 0));
  rows.push([
    "stack: five processes answer",
    `${seconds(upMs)}, ${Math.round(memory / 1e6)} MB`,
    "",
  ]);

  say(`producing ${EVENTS.toLocaleString("en-US")} events …`);
  const topic = `bench_${Date.now().toString(36)}`;
  const log = await openKafkaLog({ brokers, topic, partitions: PARTITIONS });
  const all: Message[][] = [];
  const source = market({ seed: 1, events: EVENTS, assets: 100, eventsPerSecond: 1_000 });
  for await (const chunk of chunks(source.messages(none), () => CHUNK, 60_000)) all.push(chunk);
  await log.append(all[0]!.slice(0, 1)); // connects
  const oursMs = await timed(async () => {
    for (const chunk of all) await log.append(chunk);
  });
  await log.close();
  const producer = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }).producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const bare = `${topic}_bare`;
  await (await openKafkaLog({ brokers, topic: bare, partitions: PARTITIONS })).close();
  const bareMs = await timed(async () => {
    for (const chunk of all) {
      const messages = chunk.map(({ key, value }) => ({ key, value }));
      await producer.send({ topic: bare, acks: -1, messages });
    }
  });
  await producer.disconnect();
  const rate = (ms: number) =>
    `${Math.round((EVENTS / ms) * 1_000).toLocaleString("en-US")} records/s`;
  rows.push(["produce: bare kafkajs, acks −1", rate(bareMs), "1"]);
  rows.push([
    "produce: ours (idempotent, gzip, by asset)",
    rate(oursMs),
    `${(bareMs / oursMs).toFixed(2)} × as fast`,
  ]);
  const perf = await promisify(execFile)(join(root, "setup/bin/kafka-producer-perf-test.sh"), [
    ...["--topic", bare, "--num-records", String(EVENTS), "--record-size", "90"],
    ...["--throughput", "-1"],
  ]);
  const javaRate = Number(/([\d.]+) records\/sec/.exec(perf.stdout.trim().split("\n").at(-1)!)![1]);
  rows.push([
    "produce: kafka-producer-perf-test (Java)",
    `${Math.round(javaRate).toLocaleString("en-US")} records/s`,
    `${(javaRate / (EVENTS / bareMs) / 1_000).toFixed(2)} × as fast`,
  ]);

  say("our engine, as a process of its own …");
  const self = (products: string) =>
    timed(async () => {
      const script = join(root, "scripts/bench.ts");
      const args = ["--import", "tsx", script, "--consume", topic, "--products", products];
      const child = spawn(process.execPath, args, { cwd: root, stdio: "inherit" });
      const code = await new Promise((resolve) => child.on("close", resolve));
      if (code !== 0) throw new Error(`the process ended with exit code ${String(code)}`);
    });
  const windowsMs = await self("windows");
  const allMs = await self("all");

  say("Spark, from a cold start …");
  await stack.stop("spark");
  let warmMs = 0;
  const job = {
    ...QUERY,
    brokers,
    topic,
    root: `hdfs://127.0.0.1:${hdfs.rpcPort}/bench/${topic}/spark`,
  };
  const sparkMs = await timed(async () => {
    await stack.start("spark");
    const session = connectSpark(remote, join(root, PROTOCOL));
    warmMs = await timed(async () => {
      const { windows } = await startSparkJob(session, job, ["windows"]);
      await windows!.awaitTermination();
    });
    session.close();
  });
  const store = (name: string) => hdfsStore({ ...hdfs, path: `/bench/${topic}/${name}` }, true);
  const ours = (await readAll(store("windows"), "windows")).length;
  const sparks = (await readAll(store("spark"), "windows")).length;
  if (ours !== sparks) throw new Error(`our engine wrote ${ours} windows, Spark ${sparks}`);
  const of = `Kafka → windows → HDFS, ${EVENTS / 1_000} k events`;
  rows.push([`${of}: Spark local[2], cold`, seconds(sparkMs), "1"]);
  rows.push([`${of}: Spark, server already up`, seconds(warmMs), (warmMs / sparkMs).toFixed(2)]);
  rows.push([`${of}: ours`, seconds(windowsMs), `${(sparkMs / windowsMs).toFixed(1)} × as fast`]);
  rows.push([
    `${of}: ours, all five products`,
    seconds(allMs),
    `${(sparkMs / allMs).toFixed(1)} × as fast`,
  ]);

  say(`HDFS, ${FILE_MB} MB …`);
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  try {
    const content = Buffer.alloc(FILE_MB * 1_000_000, "price,");
    const file = join(folder, "file");
    await writeFile(file, content);
    const url = `http://127.0.0.1:${hdfs.httpPort}/webhdfs/v1/bench/${topic}/curl`;
    const curl = (...args: string[]) => promisify(execFile)("curl", ["-sSfL", ...args]);
    const curlWriteMs = await timed(() =>
      curl("-T", file, `${url}?op=CREATE&overwrite=true&user.name=${userInfo().username}`),
    );
    const writeMs = await timed(() => store("ours").write("file", content));
    const curlReadMs = await timed(() => curl("-o", file, `${url}?op=OPEN`));
    const readMs = await timed(() => store("ours").read("file"));
    const speed = (ms: number) => `${Math.round((FILE_MB / ms) * 1_000)} MB/s`;
    rows.push(["HDFS write: curl", speed(curlWriteMs), "1"]);
    rows.push([
      "HDFS write: ours",
      speed(writeMs),
      `${(curlWriteMs / writeMs).toFixed(2)} × as fast`,
    ]);
    rows.push(["HDFS read: curl", speed(curlReadMs), "1"]);
    rows.push(["HDFS read: ours", speed(readMs), `${(curlReadMs / readMs).toFixed(2)} × as fast`]);
  } finally {
    await rm(folder, { recursive: true });
  }
  return rows;
}
