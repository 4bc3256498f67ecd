import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openKafkaLog } from "../../labs/log/kafka/log.js";
import { market } from "../../labs/source/market.js";
import { PROTOCOL, connectSpark } from "../../labs/spark/client.js";
import { finishSparkJob, startSparkJob, type SparkJob } from "../../labs/spark/job.js";
import { LabError } from "../../labs/shared/errors.js";
import { readAll } from "../../labs/store/products.js";
import { compareWithAim, inSeconds, say, timed, type Benchmark, type Row } from "./benchmark.js";
import { PARTITIONS, QUERY } from "./market-log.js";
import type { BenchStack } from "./stack.js";

const EVENTS = 11_000;
const BATCH = 1_000;
const ROUNDS = 4;
/** A kernel counts processor time in these units per second, whatever its timer does. */
const TICKS = 100;

/** How long a job took. */
interface Took {
  wallMs: number;
  /** Processor time of the Java process. */
  cpuMs: number;
}

export const spark: Benchmark = {
  name: "spark",
  help: "all products by Spark in small batches: our job and an idiomatic PySpark job (restarts Spark)",
  async measure({ root, stack }) {
    const bench = stack();
    await bench.start();
    // Two new Java processes: the first round compares cold ones, the later rounds warm ones.
    await bench.stack.stop("spark");
    await bench.stack.start("spark");
    const topic = `${bench.name}_small`;
    await fill(bench, topic);
    const peer = await startPeer(root, bench, topic);
    if (peer === undefined) {
      return [
        { what: "Spark, peer", value: "skipped: not installed (bash setup/ubuntu-24.04.sh spark)" },
      ];
    }
    const times: { ours: Took; peers: Took }[] = [];
    try {
      for (let round = 0; round < ROUNDS; round++) {
        say(`Spark, round ${round + 1} of ${ROUNDS}: PySpark, then ours …`);
        const peers = await peer.run(`peer-${round}`);
        const ours = await runOurs(root, bench, topic, `ours-${round}`);
        say(`  PySpark ${shown(peers)}; ours ${shown(ours)}`);
        times.push({ ours, peers });
      }
    } finally {
      peer.stop();
    }
    await expectAsManyRows(bench, ROUNDS - 1);
    const [cold, ...warm] = times;
    return [...compared("cold", [cold!]), ...compared("warm", warm, 1.15)];
  },
};

const shown = ({ wallMs, cpuMs }: Took) => `${inSeconds(wallMs)}, ${inSeconds(cpuMs)} of processor`;

/** @param aim of the ratio; none for the cold round, whose first run also meets a cold HDFS */
function compared(state: string, rounds: { ours: Took; peers: Took }[], aim?: number): Row[] {
  const best = (of: "ours" | "peers", what: keyof Took) =>
    Math.min(...rounds.map((round) => round[of][what]));
  const took = (of: "ours" | "peers"): Took => ({
    wallMs: best(of, "wallMs"),
    cpuMs: best(of, "cpuMs"),
  });
  const [ours, peers] = [took("ours"), took("peers")];
  const what = `Spark ${state}, ${EVENTS / BATCH} batches of ${BATCH}`;
  const ratio = ours.wallMs / peers.wallMs;
  return [
    { what: `${what}: PySpark with foreachBatch`, value: shown(peers), ratio: "1" },
    {
      what: `${what}: ours`,
      value: shown(ours),
      ratio: `${ratio.toFixed(2)}, processor ${(ours.cpuMs / peers.cpuMs).toFixed(2)}`,
      aim: aim === undefined ? undefined : compareWithAim(ratio, aim),
    },
  ];
}

async function fill({ stack }: BenchStack, topic: string): Promise<void> {
  const log = await openKafkaLog({
    brokers: stack.addresses.brokers,
    topic,
    partitions: PARTITIONS,
  });
  const source = market({ seed: 1, events: EVENTS, eventsPerSecond: 20 });
  for await (const messages of source.messages(new AbortController().signal)) {
    await log.append(messages);
  }
  await log.close();
}

const urlOf = ({ stack, name }: BenchStack, folder: string) => {
  const { host, rpcPort } = stack.addresses.hdfs;
  return `hdfs://${host}:${rpcPort}/bench/${name}/${folder}`;
};

/** The processor time that a process has used, milliseconds. */
async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11);
  return ((Number(user) + Number(system)) / TICKS) * 1_000;
}

/** Measures work of a Java process. */
async function measured(pid: number, work: () => Promise<unknown>): Promise<Took> {
  const before = await cpuMs(pid);
  const wallMs = await timed(work);
  return { wallMs, cpuMs: (await cpuMs(pid)) - before };
}

async function runOurs(root: string, bench: BenchStack, topic: string, folder: string) {
  const { stack } = bench;
  const server = (await stack.status()).find(({ name }) => name === "spark");
  const session = connectSpark(stack.addresses.sparkRemote, join(root, PROTOCOL));
  await session.sql("SELECT 1");
  const job: SparkJob = {
    ...QUERY,
    brokers: stack.addresses.brokers,
    topic,
    root: urlOf(bench, folder),
    batchSize: BATCH,
  };
  const took = await measured(server!.pid!, async () => {
    const streams = await startSparkJob(session, job);
    for (const stream of Object.values(streams)) await stream.awaitTermination();
    await finishSparkJob(session, job, streams);
  });
  session.close();
  return took;
}

/** PySpark in a process of its own, which has started its session and waits for jobs; undefined if it is not installed. */
async function startPeer(root: string, bench: BenchStack, topic: string) {
  const lab = join(root, ".lab");
  const python = join(lab, "venv/bin/python");
  if (!existsSync(python)) return undefined;
  const { places, addresses } = bench.stack;
  const jars = (await readdir(join(lab, "spark/jars"))).map((jar) => join(lab, "spark/jars", jar));
  const child = spawn(
    python,
    [join(root, "test/bench/peers/spark_stream.py"), addresses.brokers.join(","), topic],
    {
      // Standard error has Spark's warnings.
      stdio: ["pipe", "pipe", "ignore"],
      env: {
        ...process.env,
        JAVA_HOME: join(lab, "java"),
        PYSPARK_PYTHON: python,
        SPARK_LOCAL_IP: "127.0.0.1",
        // The settings and the memory of the lab's own server.
        SPARK_CONF_DIR: join(places.settings, "spark"),
        PYSPARK_SUBMIT_ARGS: [
          "--driver-memory 1g --driver-java-options '-XX:+UseSerialGC -Djava.net.preferIPv4Stack=true'",
          `--conf spark.ui.port=0 --jars ${jars.join(",")} pyspark-shell`,
        ].join(" "),
      },
    },
  );
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  async function answer(): Promise<Record<string, number>> {
    for (;;) {
      const { done, value } = await lines.next();
      if (done) throw new LabError("spark_stream.py has ended: run it by hand to see why");
      // The other lines are Spark's log.
      if (value.startsWith("{")) return JSON.parse(value) as Record<string, number>;
    }
  }
  const { pid } = await answer();
  return {
    async run(folder: string): Promise<Took> {
      let seconds = NaN;
      const took = await measured(pid!, async () => {
        child.stdin.write(`${urlOf(bench, folder)}\n`);
        seconds = (await answer())["seconds"]!;
      });
      return { ...took, wallMs: seconds * 1_000 };
    },
    stop: () => child.stdin.end(),
  };
}

/** @throws Error if the peer wrote more or fewer rows than we did */
async function expectAsManyRows(bench: BenchStack, round: number): Promise<void> {
  for (const product of ["windows", "changes", "prices"] as const) {
    const [ours, peers] = await Promise.all(
      ["ours", "peer"].map(
        async (whose) => (await readAll(bench.store(`${whose}-${round}`), product)).length,
      ),
    );
    if (ours !== peers) throw new Error(`${product}: ours has ${ours} rows, PySpark's ${peers}`);
  }
}
