import { once } from "node:events";
import { expect, test } from "vitest";
import type { EventLog } from "../../labs/log/log.js";
import { runSparkPipeline } from "../../labs/run/spark-pipeline.js";
import type { Source } from "../../labs/source/source.js";
import type { SparkSession } from "../../labs/spark/client.js";
import { startSparkJob } from "../../labs/spark/job.js";
import { TOTALS, type TotalSpec } from "../../labs/stream/totals.js";
import { memoryStore } from "../support/memory-store.js";
import { TOPIC, scriptedQuery, type ScriptedQuery } from "../support/spark-query.js";

const job = {
  ...{ brokers: ["none:1"], topic: TOPIC, root: "memory:", delayMs: 0, changeThreshold: 1 },
  ...{ batchSize: 10, windows: { windowMs: 1_000, slideMs: 1_000 } },
};
const log = {
  partitions: 1,
  startOffsets: () => Promise.resolve([0]),
  endOffsets: () => Promise.resolve([0]),
} as Partial<EventLog> as EventLog;

/** Spark without a server: each stream is a scripted query. */
function scriptedSpark(prepare: (query: ScriptedQuery, index: number) => void = () => {}) {
  const queries: ScriptedQuery[] = [];
  const session = {
    sql: () => Promise.resolve([]),
    createView: () => Promise.resolve(),
    async writeStream() {
      const query = scriptedQuery();
      prepare(query, queries.push(query) - 1);
      return Promise.resolve(query);
    },
  } as Partial<SparkSession> as SparkSession;
  return { queries, session };
}

/** A source without an end, which says whether it was ended. */
function liveSource(fail?: Error) {
  const state = { ended: false };
  const source: Source = {
    ...{ name: "live", finite: false, counts: {} },
    fractionRead: () => undefined,
    async *messages(signal) {
      if (fail !== undefined) throw fail;
      if (!signal.aborted) await once(signal, "abort");
      state.ended = true;
      yield [];
    },
  };
  return { source, state };
}

const run = (source: Source, session: SparkSession, signal = new AbortController().signal) =>
  runSparkPipeline({ source, log, session, store: memoryStore() }, job, { triggerMs: 10 }, signal);

test("a source that fails leaves no query running, and its error is the one that counts", async () => {
  const { queries, session } = scriptedSpark((query, index) => {
    if (index === 0) query.stop = () => Promise.reject(new Error("cannot stop"));
  });
  const { source } = liveSource(new Error("the feed has ended"));
  await expect(run(source, session)).rejects.toThrow("the feed has ended");
  expect(queries.map(({ stops }) => stops)).toEqual([0, 1, 1, 1]);
});

test("a query that fails stops the others and the source, and its error is the one that counts", async () => {
  const { queries, session } = scriptedSpark((query, index) => {
    if (index === 2) query.awaitTermination = () => Promise.reject(new Error("broken query"));
  });
  const { source, state } = liveSource();
  await expect(run(source, session)).rejects.toThrow("broken query");
  expect(queries.map(({ stops }) => stops)).toEqual([1, 1, 1, 1]);
  expect(state.ended).toBe(true);
});

test("a query that cannot start stops those that have", async () => {
  const { queries, session } = scriptedSpark((_, index) => {
    if (index === 2) throw new Error("no such path");
  });
  await expect(startSparkJob(session, job)).rejects.toThrow("no such path");
  expect(queries.map(({ stops }) => stops)).toEqual([1, 1, 0]);
});

test("Ctrl-C stops every query once, after all that waits has been processed", async () => {
  const { queries, session } = scriptedSpark();
  const stop = new AbortController();
  const { source } = liveSource();
  const running = run(source, session, stop.signal);
  stop.abort();
  expect((await running).ended).toBe(false);
  expect(queries.map(({ stops }) => stops)).toEqual([1, 1, 1, 1]);
});

test("what Spark does not count is not 0", async () => {
  const alerts: TotalSpec = TOTALS.alerts;
  const stop = AbortSignal.abort();
  const totals = async () => (await run(liveSource().source, scriptedSpark().session, stop)).totals;
  expect(await totals()).toMatchObject({ lateEvents: null, alerts: 0 });
  alerts.onSpark = false;
  try {
    expect(await totals()).toMatchObject({ lateEvents: null, alerts: null });
  } finally {
    delete alerts.onSpark;
  }
});
