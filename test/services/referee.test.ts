import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { openKafkaLog } from "../../labs/log/kafka/log.js";
import { runPipeline } from "../../labs/run/pipeline.js";
import { runSparkPipeline } from "../../labs/run/spark-pipeline.js";
import { connectSpark } from "../../labs/spark/client.js";
import { hdfsStore } from "../../labs/store/hdfs.js";
import { readAll } from "../../labs/store/products.js";
import { openCheckpoint } from "../../labs/stream/checkpoint.js";
import { nothing } from "../support/source.js";
import { brokers, hdfs, ports, remote, uniqueName } from "./environment.js";
import { CASES, byWindow, expectSameRows, tape } from "./referee.js";

let agreed = 0;

test.each(CASES)("Spark and our engine agree: $name", async (chosen) => {
  const { partitions, batchSize, windowMs, slideMs, delayMs, changeThreshold } = chosen;
  const topic = uniqueName("referee");
  const log = await openKafkaLog({ brokers, topic, partitions });
  await log.append(tape(chosen));
  const windows = { windowMs, slideMs };
  const query = { windows, delayMs, changeThreshold, batchSize };

  const ourStore = hdfsStore({ ...hdfs, path: `/${topic}/ours` }, true);
  const checkpoint = await openCheckpoint(ourStore, topic, {});
  const ours = await runPipeline(
    { source: nothing, log, checkpoint, store: ourStore },
    { ...query, triggerMs: 1_000, appendFirst: true },
    new AbortController().signal,
  );

  const sparkStore = hdfsStore({ ...hdfs, path: `/${topic}/spark` }, true);
  const session = connectSpark(remote);
  const sparks = await runSparkPipeline(
    { source: nothing, log, session, store: sparkStore },
    { ...query, brokers, topic, root: sparkStore.root },
    { triggerMs: 1_000 },
    new AbortController().signal,
  );

  for (const product of ["windows", "changes"] as const) {
    const ourRows = (await readAll(ourStore, product)).sort(byWindow);
    const sparkRows = (await readAll(sparkStore, product)).sort(byWindow);
    expect(sparkRows.length).toBeGreaterThan(10);
    expectSameRows(ourRows, sparkRows);
    agreed += sparkRows.length;
  }
  const latest = await readAll(sparkStore, "latest");
  expect(await readAll(ourStore, "latest")).toEqual(latest);
  agreed += latest.length;

  const inOrder = (rows: { event_time: number; asset: string; price_usd: number }[]) =>
    rows.map((row) => JSON.stringify([row.event_time, row.asset, row.price_usd])).sort();
  const prices = inOrder(await readAll(ourStore, "prices"));
  expect(prices).toEqual(inOrder(await readAll(sparkStore, "prices")));
  agreed += prices.length;

  const places = (rows: { partition: number; offset: number; reason: string; raw: string }[]) =>
    rows.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  const rejected = places(await readAll(ourStore, "rejected"));
  expect(rejected.length).toBeGreaterThan(0);
  expect(rejected).toEqual(places(await readAll(sparkStore, "rejected")));
  agreed += rejected.length;

  expect(ours.totals.droppedRows).toBeGreaterThan(0);
  expect(sparks.totals).toEqual({ ...ours.totals, lateEvents: null });
  expect(sparks.openWindows).toBe(ours.openWindows);
  expect(sparks.watermarkMs).toBe(ours.watermarkMs);

  // Spark reads our files.
  const [counted] = await session.sql<{ rows: number; events: number }>(
    `SELECT count(*) AS rows, sum(count) AS events FROM parquet.\`${ourStore.root}/windows\``,
  );
  const ourWindows = await readAll(ourStore, "windows");
  expect(counted).toEqual({
    rows: ourWindows.length,
    events: ourWindows.reduce((sum, { count }) => sum + count, 0),
  });
  session.close();
  await log.close();
  console.log(`Spark and our engine agree on ${agreed} rows so far`);
});

test("pyarrow reads the Parquet files of both engines, with the same columns and types", async () => {
  const topic = uniqueName("pyarrow");
  const log = await openKafkaLog({ brokers, topic, partitions: 1 });
  await log.append(tape({ ...CASES[0]!, events: 600 }));
  const windows = { windowMs: 60_000, slideMs: 60_000 };
  const query = { windows, delayMs: 0, changeThreshold: 0, batchSize: 300 };
  const ourStore = hdfsStore({ ...hdfs, path: `/${topic}/ours` }, true);
  const sparkStore = hdfsStore({ ...hdfs, path: `/${topic}/spark` }, true);
  await runPipeline(
    {
      source: nothing,
      log,
      store: ourStore,
      checkpoint: await openCheckpoint(ourStore, topic, {}),
    },
    { ...query, triggerMs: 1_000, appendFirst: true },
    new AbortController().signal,
  );
  const session = connectSpark(remote);
  await runSparkPipeline(
    { source: nothing, log, session, store: sparkStore },
    { ...query, brokers, topic, root: sparkStore.root },
    { triggerMs: 1_000 },
    new AbortController().signal,
  );
  session.close();
  await log.close();
  // By WebHDFS, as any program without Hadoop would.
  const script = `
import io, json, os, urllib.request, pyarrow.parquet as parquet
base = "http://127.0.0.1:${ports.NAMENODE_HTTP_PORT}/webhdfs/v1"
def get(path, op):
    return urllib.request.urlopen(base + path + "?op=" + op).read()
result = {}
for engine in ["ours", "spark"]:
    folder = "/${topic}/" + engine + "/windows"
    names = [f["pathSuffix"] for f in json.loads(get(folder, "LISTSTATUS"))["FileStatuses"]["FileStatus"]]
    tables = [parquet.read_table(io.BytesIO(get(folder + "/" + name, "OPEN")), use_threads=False) for name in names if name.endswith(".parquet")]
    types = {field.name: str(field.type) for field in tables[0].schema}
    result[engine] = {"rows": sum(table.num_rows for table in tables), "types": types}
print(json.dumps(result), flush=True)
os._exit(0) # pyarrow's threads now and then abort an interpreter that ends`;
  const { stdout } = await promisify(execFile)(".lab/venv/bin/python", ["-c", script]);
  const { ours, spark } = JSON.parse(stdout) as Record<string, { rows: number; types: object }>;
  expect(ours!.rows).toBeGreaterThan(10);
  expect(ours).toEqual(spark);
  expect(ours!.types).toMatchObject({
    asset: "string",
    window_start: "timestamp[ms, tz=UTC]",
    count: "int64",
    avg_price: "double",
    stddev_price: "double",
  });
});
