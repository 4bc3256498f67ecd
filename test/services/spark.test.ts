import { expect, onTestFinished, test } from "vitest";
import { openFreshLog } from "../../labs/log/kafka/log.js";
import { connectSpark } from "../../labs/spark/client.js";
import { readBatch, readStream, sqlRelation } from "../../labs/spark/relation.js";
import { brokers, hdfs, remote, uniqueName } from "./environment.js";

function session(to = remote) {
  const opened = connectSpark(to);
  onTestFinished(() => opened.close());
  return opened;
}
const url = (path: string) => `hdfs://${hdfs.host}:${hdfs.rpcPort}/${path}`;

test("rows come back typed: numbers, text, times in milliseconds, null, nested values", async () => {
  const rows = await session().sql(`
    SELECT * FROM VALUES
      (1, 2.5D, 'é✓', true, TIMESTAMP '2025-01-01T10:00:10.250Z', 9007199254740991L, array(1, 2), named_struct('a', 'x')),
      (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
    AS t(number, fraction, text, flag, time, long, list, struct)`);
  expect(rows).toEqual([
    {
      number: 1,
      fraction: 2.5,
      text: "é✓",
      flag: true,
      long: Number.MAX_SAFE_INTEGER,
      time: Date.parse("2025-01-01T10:00:10.250Z"),
      list: [1, 2],
      struct: { a: "x" },
    },
    {
      number: null,
      fraction: null,
      text: null,
      flag: null,
      long: null,
      time: null,
      list: null,
      struct: null,
    },
  ]);
});

test("an answer of many batches comes whole and in order, an empty one is no rows, a command works", async () => {
  const spark = session();
  const rows = await spark.sql<{ id: number }>("SELECT id FROM range(0, 200000, 1, 8) ORDER BY id");
  expect(rows.length).toBe(200_000);
  expect(rows.every(({ id }, index) => id === index)).toBe(true);
  expect(await spark.sql("SELECT 1 AS x WHERE false")).toEqual([]);
  await spark.sql("SET lab.test=7");
  expect(await spark.sql("SET lab.test")).toEqual([{ key: "lab.test", value: "7" }]);
});

test("every error carries Spark's own message", async () => {
  const spark = session();
  await expect(spark.sql("SELEKT 1")).rejects.toThrow(/Spark refused: .*PARSE_SYNTAX_ERROR/s);
  await expect(spark.sql("SELECT missing FROM range(1)")).rejects.toThrow(
    /missing.*cannot be resolved/s,
  );
  await expect(spark.sql("SELECT raise_error('from the data')")).rejects.toThrow(/from the data/);
  await expect(spark.sql("SELECT * FROM parquet.`/none/at/all`")).rejects.toThrow(/PATH_NOT_FOUND/);
});

test("a stream reports its progress, ends when it is stopped, and continues from its checkpoint", async () => {
  const spark = session();
  const path = url(uniqueName("stream"));
  await spark.createView("lab_rate", readStream("rate", { rowsPerSecond: "50" }));
  const start = () =>
    spark.writeStream(sqlRelation("SELECT value FROM lab_rate"), {
      name: uniqueName("rate"),
      path: `${path}/data`,
      checkpoint: `${path}/checkpoint`,
      format: "parquet" as const,
      everyMs: 500,
    });
  const first = await start();
  expect(await first.isActive()).toBe(true);
  expect(await first.awaitTermination(100)).toBe(false);
  await expect
    .poll(
      async () =>
        (await first.recentProgress()).some(({ sources }) => sources[0]!.numInputRows > 0),
      {
        timeout: 30_000,
      },
    )
    .toBe(true);
  expect(await first.explain()).toMatch(/^== Physical Plan ==[^]*MicroBatchScan/);
  await first.stop();
  expect(await first.isActive()).toBe(false);
  expect(await first.exception()).toBeUndefined();
  const second = await start();
  expect(second.id).toBe(first.id);
  expect(second.runId).not.toBe(first.runId);
  await second.stop();
  const values = await spark.sql<{ value: number }>(
    `SELECT value FROM parquet.\`${path}/data\` ORDER BY value`,
  );
  expect(values.map(({ value }) => value)).toEqual(values.map((_, index) => index));
});

test("what a source holds now can be read as a batch", async () => {
  const spark = session();
  const topic = uniqueName("batch");
  const log = await openFreshLog({ brokers, topic, partitions: 2 });
  onTestFinished(() => log.close());
  await log.append(["a", "b", "a"].map((key) => ({ key, value: `{}`, timestampMs: 1 })));
  const options = { "kafka.bootstrap.servers": brokers.join(","), subscribe: topic };
  await spark.createView("lab_batch", readBatch("kafka", options));
  expect(
    await spark.sql(
      "SELECT string(key) AS key, count(*) AS count FROM lab_batch GROUP BY 1 ORDER BY 1",
    ),
  ).toEqual([
    { key: "a", count: 2 },
    { key: "b", count: 1 },
  ]);
});

test("a stream that fails says why", async () => {
  const spark = session();
  const path = url(uniqueName("failing"));
  await spark.createView("lab_bad", readStream("rate", { rowsPerSecond: "50" }));
  const query = await spark.writeStream(
    sqlRelation("SELECT CAST(raise_error('broken on purpose') AS string) AS x FROM lab_bad"),
    {
      name: "failing",
      path: `${path}/data`,
      checkpoint: `${path}/checkpoint`,
      format: "parquet",
      everyMs: 200,
    },
  );
  await expect(query.awaitTermination(60_000)).rejects.toThrow(
    /Spark refused: .*broken on purpose/s,
  );
});

test("nobody there is an error that says what to do", async () => {
  await expect(session("sc://127.0.0.1:1").sql("SELECT 1")).rejects.toThrow(
    /Spark is not running at sc:\/\/127\.0\.0\.1:1: .*stack\.ts up spark/,
  );
});
