import { once } from "node:events";
import { expect, test } from "vitest";
import type { EventLog } from "../../labs/log/log.js";
import { runSparkPipeline } from "../../labs/run/spark-pipeline.js";
import type { Source } from "../../labs/source/source.js";
import type { SparkSession } from "../../labs/spark/client.js";
import { startSparkJob } from "../../labs/spark/job.js";
import { TOTALS, type TotalSpec } from "../../labs/stream/totals.js";
import { memoryStore } from "../support/memory-store.js";
import { nothing } from "../support/source.js";
import { TOPIC, scriptedQuery, type ScriptedQuery } from "../support/spark-query.js";

const job = {
  brokers: ["none:1"],
  topic: TOPIC,
  root: "memory:",
  delayMs: 0,
  changeThreshold: 1,
  batchSize: 10,
  windows: { windowMs: 1_000, slideMs: 1_000 },
};
const log = {
  partitions: 1,
  startOffsets: () => Promise.resolve([0]),
  endOffsets: () => Promise.resolve([0]),
} as Partial<EventLog> as EventLog;

/** Spark without a server: each stream is a scripted query. */
function scriptedSpark(prepare: (query: ScriptedQuery, index: number) => void = () => {}) {
  const queries: ScriptedQuery[] = [];
  /** What was started, by product, and the SQL of each. */
  const started: Record<string, string> = {};
  const session = {
    sql: () => Promise.resolve([]),
    createView: () => Promise.resolve(),
    async writeStream(relation, { name }) {
      started[name.split(" ")[0]!] = JSON.stringify(relation);
      const query = scriptedQuery();
      prepare(query, queries.push(query) - 1);
      return Promise.resolve(query);
    },
  } as Partial<SparkSession> as SparkSession;
  return { queries, started, session };
}

/** A source without an end, which says whether it was ended. */
function liveSource(fail?: Error) {
  const state = { ended: false };
  const source: Source = {
    name: "live",
    finite: false,
    counts: {},
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

const run = (
  source: Source,
  session: SparkSession,
  signal = new AbortController().signal,
  store = memoryStore(),
) => runSparkPipeline({ source, log, session, store }, job, { triggerMs: 10 }, signal);

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

test("a run that ends by itself computes changes/ from the files of windows/ once these are complete", async () => {
  const running = new Set<string>();
  const { queries, started, session } = scriptedSpark((query) => {
    const name = Object.keys(started).at(-1)!;
    if (name === "changes") expect(running).toEqual(new Set());
    running.add(name);
    let looks = 0;
    query.awaitTermination = () => {
      if (++looks > 1) running.delete(name);
      return Promise.resolve(looks > 1);
    };
  });
  await run(nothing, session);
  expect(Object.keys(started)).toEqual(["windows", "prices", "rejected", "changes"]);
  expect(started["changes"]).not.toContain("GROUP BY");
  expect(queries.map(({ stops }) => stops)).toEqual([0, 0, 0, 0]);
});

test("a run stopped before its end still computes changes/ for the windows that it has written", async () => {
  const stop = new AbortController();
  const { queries, started, session } = scriptedSpark((query) => {
    if (started["changes"] === undefined) setImmediate(() => stop.abort());
    else query.awaitTermination = () => Promise.resolve(true);
  });
  await run(nothing, session, stop.signal);
  expect(Object.keys(started).at(-1)).toBe("changes");
  expect(queries.map(({ stops }) => stops)).toEqual([1, 1, 1, 0]);
});

test("an output that an older version of the lab began goes on with the queries of that version", async () => {
  const store = memoryStore();
  await store.write("checkpoint/changes/state/0/0/1.delta", "");
  const { started, session } = scriptedSpark((query) => {
    query.awaitTermination = () => Promise.resolve(true);
  });
  await run(nothing, session, undefined, store);
  for (const product of ["windows", "changes"]) {
    expect(started[product]).toMatch(
      /max_by\(price_usd, struct\(event_time, offset\)\).*GROUP BY/s,
    );
  }
});

test("where Spark would read the path as a pattern, changes/ is not computed from files", async () => {
  const { started, session } = scriptedSpark();
  await startSparkJob(session, { ...job, root: "hdfs://host:1/a[1]" });
  expect(Object.keys(started)).toContain("changes");
  expect(started["changes"]).toContain("GROUP BY");
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
