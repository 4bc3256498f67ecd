import { expect, onTestFinished, test } from "vitest";
import type { Message } from "../../labs/event.js";
import { openKafkaLog } from "../../labs/log/kafka/log.js";
import { runSparkPipeline } from "../../labs/run/spark-pipeline.js";
import { market } from "../../labs/source/market.js";
import { connectSpark } from "../../labs/spark/client.js";
import { startSparkJob, type SparkJob } from "../../labs/spark/job.js";
import { hdfsStore } from "../../labs/store/hdfs.js";
import { readAll } from "../../labs/store/products.js";
import type { Store } from "../../labs/store/store.js";
import { verifyProducts } from "../../labs/store/verify.js";
import { lastSparkBatch, manifestOf } from "../../labs/run/verify.js";
import { openCheckpoint } from "../../labs/stream/checkpoint.js";
import { nothing, sourceOf } from "../support/source.js";
import { brokers, hdfs, remote, uniqueName } from "./environment.js";

// How the streams of Spark's job depend on each other: whatever stops them, changes/ has the windows that reached the threshold.

const THRESHOLD = 0.05;
const EVENTS = 4_000;

async function open() {
  const topic = uniqueName("job");
  const log = await openKafkaLog({ brokers, topic, partitions: 2 });
  const session = connectSpark(remote);
  onTestFinished(async () => {
    session.close();
    await log.close();
  });
  const simulated = market({ seed: 3, events: EVENTS, assets: 4, eventsPerSecond: 10 });
  const messages: Message[] = [];
  for await (const some of simulated.messages(new AbortController().signal)) messages.push(...some);
  const jobIn = (folder: string) => {
    const store = hdfsStore({ ...hdfs, path: `/${topic}/${folder}` }, true);
    const job: SparkJob = {
      brokers,
      topic,
      root: store.root,
      delayMs: 10_000,
      changeThreshold: THRESHOLD,
      batchSize: 500,
      windows: { windowMs: 30_000, slideMs: 10_000 },
    };
    return { store, job };
  };
  const run = ({ store, job }: ReturnType<typeof jobIn>, signal = new AbortController().signal) =>
    runSparkPipeline({ source: nothing, log, session, store }, job, { triggerMs: 500 }, signal);
  return { log, session, messages, jobIn, run };
}

async function rowsOf(store: Store, product: "windows" | "changes" | "prices"): Promise<string[]> {
  const rows = (await readAll(store, product)) as { pct_change?: number }[];
  return rows.map((row) => JSON.stringify(row)).sort();
}

/** @returns the number of changes */
async function expectChangesOfWindows(store: Store): Promise<number> {
  const windows = await readAll(store, "windows");
  const reached = windows.filter((row) => Math.abs(row.pct_change) >= THRESHOLD);
  expect(reached.length).toBeLessThan(windows.length);
  expect(await rowsOf(store, "changes")).toEqual(reached.map((row) => JSON.stringify(row)).sort());
  return reached.length;
}

test("a run cut between windows/ and changes/ is completed by the next one, which has more to read", async () => {
  const { log, session, messages, jobIn, run } = await open();
  await log.append(messages.slice(0, EVENTS / 2));
  const cut = jobIn("cut");
  const streams = await startSparkJob(session, cut.job);
  for (const stream of Object.values(streams)) await stream.awaitTermination();
  expect(await rowsOf(cut.store, "changes")).toEqual([]);

  await run(cut);
  const half = await expectChangesOfWindows(cut.store);
  await log.append(messages.slice(EVENTS / 2));
  await run(cut);
  expect(await expectChangesOfWindows(cut.store)).toBeGreaterThan(half);
  // Nothing is left to do, and nothing is done twice.
  const rows = await rowsOf(cut.store, "changes");
  await run(cut);
  expect(await rowsOf(cut.store, "changes")).toEqual(rows);
});

test("an output that an older version of the lab began has the same products in the end", async () => {
  const { log, session, messages, jobIn, run } = await open();
  await log.append(messages.slice(0, EVENTS / 2));
  const [older, quiet] = [jobIn("older"), jobIn("quiet")];
  await openCheckpoint(older.store, "crypto_prices", { engine: "spark" });
  const streams = await startSparkJob(session, { ...older.job, isOlder: true });
  expect(Object.keys(streams)).toContain("changes");
  for (const stream of Object.values(streams)) await stream.awaitTermination();
  await run(quiet);
  await log.append(messages.slice(EVENTS / 2));
  await run(older);
  await run(quiet);
  await expectChangesOfWindows(older.store);
  for (const product of ["windows", "changes", "prices"] as const) {
    const rows = await rowsOf(quiet.store, product);
    expect(rows.length).toBeGreaterThan(20);
    expect(await rowsOf(older.store, product), product).toEqual(rows);
  }
  const manifest = await manifestOf(
    older.store,
    await openCheckpoint(older.store, "crypto_prices"),
  );
  expect((await verifyProducts(older.store, manifest)).problems).toEqual([]);
});

test("Spark dies after its sink has logged a batch and before its commit: late events are dropped as in an undisturbed run", async () => {
  const { log, session, messages, jobIn, run } = await open();
  await log.append(messages.slice(0, EVENTS / 2));
  const [cut, quiet] = [jobIn("cut"), jobIn("quiet")];
  // The last batch has data then, and moves the watermark.
  await session.sql("SET spark.sql.streaming.noDataMicroBatches.enabled=false");
  await run(cut);
  await run(quiet);
  await session.sql("RESET spark.sql.streaming.noDataMicroBatches.enabled");
  const last = await lastSparkBatch(cut.store, "windows");
  expect(last).toBeGreaterThan(2);
  const path = `checkpoint/windows/commits/${last}`;
  const commit = String(await cut.store.read(path));
  await cut.store.remove(path);

  await log.append(messages.slice(EVENTS / 2));
  await run(cut);
  expect(String(await cut.store.read(path))).toBe(commit);
  const { totals } = await run(quiet);
  expect(totals.droppedRows).toBeGreaterThan(0);
  for (const product of ["windows", "changes", "prices"] as const) {
    expect(await rowsOf(cut.store, product), product).toEqual(await rowsOf(quiet.store, product));
  }
});

test("while a live run goes on, changes/ follows windows/, and when it is stopped nothing is left", async () => {
  const { log, session, messages, jobIn } = await open();
  const { store, job } = jobIn("live");
  const source = sourceOf(messages, false);
  const stop = new AbortController();
  const live: typeof source = {
    ...source,
    async *messages(signal) {
      yield* source.messages(signal);
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  };
  const running = runSparkPipeline(
    { source: live, log, session, store },
    job,
    { triggerMs: 500 },
    stop.signal,
  );
  await expect
    .poll(async () => (await rowsOf(store, "changes")).length, { timeout: 120_000, interval: 500 })
    .toBeGreaterThan(0);
  stop.abort();
  const { totals } = await running;
  expect(totals.changes).toBe(await expectChangesOfWindows(store));
  expect(totals.events + totals.rejected).toBe(EVENTS);
});
