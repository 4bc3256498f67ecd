import { join } from "node:path";
import { PROTOCOL, connectSpark } from "../../labs/spark/client.js";
import { startSparkJob } from "../../labs/spark/job.js";
import { readAll } from "../../labs/store/products.js";
import { asFast, compareWithMinimum, inSeconds, say, timed, type Benchmark } from "./benchmark.js";
import { QUERY } from "./market-log.js";
import { profiledProcess } from "./profile.js";
import { runProcess } from "./process.js";
import { STACK_EVENTS, type BenchStack } from "./stack.js";

export const consume: Benchmark = {
  name: "consume",
  help: "from Kafka to windows in Parquet on HDFS: Spark and our engine (restarts Spark)",
  async measure({ root, stack }) {
    const bench = stack();
    await bench.start();
    await bench.fillTopic();
    const ours = async (folder: string, nodeOptions: readonly string[] = []) => {
      const args = [bench.name, folder];
      return (await runProcess(root, "test/bench/consumer.ts", args, nodeOptions)).wallMs;
    };
    // First, so that the JVMs of Kafka and HDFS are warm for ours as for Spark. A profile is not timed.
    say("our engine, profiled …");
    const where = await profiledProcess((nodeOptions) => ours("profiled", nodeOptions));
    say("our engine, as a process of its own …");
    const windowsMs = await ours("windows");
    const allMs = await ours("all");
    say("Spark, from a cold start …");
    const { coldMs, warmMs } = await bySpark(root, bench);
    const count = async (folder: string) => (await readAll(bench.store(folder), "windows")).length;
    const [oursCount, sparksCount] = [await count("windows"), await count("spark")];
    if (oursCount !== sparksCount) {
      throw new Error(`our engine wrote ${oursCount} windows, Spark ${sparksCount}`);
    }
    const what = `Kafka → windows → HDFS, ${STACK_EVENTS / 1_000} k events`;
    return [
      { what: `${what}: Spark local[2], cold`, value: inSeconds(coldMs), ratio: "1" },
      {
        what: `${what}: Spark, server already up`,
        value: inSeconds(warmMs),
        ratio: (warmMs / coldMs).toFixed(2),
      },
      {
        what: `${what}: ours`,
        value: inSeconds(windowsMs),
        ratio: asFast(coldMs, windowsMs, 1),
        aim: compareWithMinimum(coldMs / windowsMs, 12, " × as fast"),
        where,
      },
      {
        what: `${what}: ours, all five products`,
        value: inSeconds(allMs),
        ratio: asFast(coldMs, allMs, 1),
      },
    ];
  },
};

/** How long Spark takes with the start of its server, and without. */
async function bySpark(root: string, { stack, name }: BenchStack) {
  const { brokers, hdfs, sparkRemote } = stack.addresses;
  const folder = `hdfs://${hdfs.host}:${hdfs.rpcPort}/bench/${name}/spark`;
  await stack.stop("spark");
  let warmMs = 0;
  const coldMs = await timed(async () => {
    await stack.start("spark");
    const session = connectSpark(sparkRemote, join(root, PROTOCOL));
    warmMs = await timed(async () => {
      const job = { ...QUERY, brokers, topic: name, root: folder };
      const { windows } = await startSparkJob(session, job, ["windows"]);
      await windows!.awaitTermination();
    });
    session.close();
  });
  return { coldMs, warmMs };
}
