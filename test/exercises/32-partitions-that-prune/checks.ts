import axios from "axios";
import type { SparkSession } from "../../../labs/spark/client.js";
import { hdfsStore } from "../../../labs/store/hdfs.js";
import type { Store } from "../../../labs/store/store.js";
import * as solution from "../../../solutions/32-partitions-that-prune.js";
import { checksOf, wrong } from "../checks.js";
import { asAnswer, withSpark } from "../spark.js";
import { hdfs, sparkUi, uniqueName } from "../systems.js";

const check = checksOf(solution);

const ROWS = 18_000;
const DAYS = 30;
const MAX_FILES = 60;
/** Some midnights are in it. 7919 is prime, so the rows are in no order. */
const PRICES = `
  SELECT concat('asset-', id % 20) AS asset, CAST(id % 1000 AS double) AS price_usd,
    timestamp_seconds(1735689600 + (id * 7919 % ${ROWS}) * ${(DAYS * 86_400) / ROWS}) AS event_time
  FROM range(0, ${ROWS}, 1, 4)`;

/** Creates the learner's table, and runs a function with it. */
async function withTable(
  subject: typeof solution,
  run: (table: string, store: Store, session: SparkSession) => Promise<void>,
): Promise<void> {
  const name = uniqueName("partitions");
  const table = name.replaceAll("-", "_");
  const store = hdfsStore({ ...hdfs, path: `/${name}` }, true);
  await withSpark(async (session) => {
    await session.createView("prices", { sql: { query: PRICES } });
    try {
      const statement = subject.createTable(table, `${store.root}/table`);
      await asAnswer("createTable", () => session.sql(statement));
      await run(table, store, session);
    } finally {
      await session.sql(`DROP TABLE IF EXISTS ${table}`);
      await store.remove("");
    }
  });
}

/** The Parquet files below a folder. */
async function filesIn(store: Store, folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const name of await store.list(folder)) {
    if (name.startsWith("_") || name.startsWith(".")) continue;
    const path = `${folder}/${name}`;
    if (name.endsWith(".parquet")) files.push(path);
    else files.push(...(await filesIn(store, path).catch(() => [])));
  }
  return files;
}

interface Execution {
  id: number;
  nodes: { metrics: { name: string; value: string }[] }[];
}

/** How many files Spark's latest query has read, from its web UI. */
async function filesRead(): Promise<number> {
  const api = `${sparkUi}/api/v1/applications`;
  const get = async <T>(url: string) => (await axios.get<T>(url, { proxy: false })).data;
  const [application] = await get<{ id: string }[]>(api);
  const executions = await get<Execution[]>(
    `${api}/${application!.id}/sql?details=true&length=100000`,
  );
  const latest = executions.sort((a, b) => a.id - b.id).at(-1)!;
  const counts = latest.nodes.flatMap(({ metrics }) =>
    metrics.flatMap(({ name, value }) =>
      name === "number of files read" ? [Number(value.replaceAll(",", ""))] : [],
    ),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

const countOf = (session: SparkSession, query: string) =>
  session
    .sql<{ count: number }>(
      `SELECT count(DISTINCT asset, price_usd, event_time) AS count FROM (${query})`,
    )
    .then(([row]) => row!.count);

export default [
  check.scenario("the table has all rows, in few files", (subject) =>
    withTable(subject, async (table, store, session) => {
      const input = `createTable, for ${ROWS.toLocaleString("en-US")} prices of ${DAYS} days`;
      const found = await asAnswer(input, () =>
        countOf(session, `SELECT asset, price_usd, event_time FROM ${table}`),
      );
      if (found !== ROWS) throw wrong(input, `${ROWS} prices`, `${found}`, "Write every row once.");
      const files = await filesIn(store, "table");
      if (files.length === 0) {
        throw wrong(
          input,
          "Parquet files in the location",
          "none",
          "CREATE TABLE … USING parquet … LOCATION '…'.",
        );
      }
      if (files.length > MAX_FILES) {
        const each = Math.round(ROWS / files.length);
        throw wrong(
          input,
          `at most ${MAX_FILES} files`,
          `${files.length} files of about ${each} rows`,
          "Partition by a column with few values, and bring the rows of a partition into one task before they are written.",
        );
      }
    }),
  ),
  check.scenario("a query of a day reads only that day", (subject) =>
    withTable(subject, async (table, store, session) => {
      for (const day of ["2025-01-01", "2025-01-17", "2025-01-30"]) {
        const input = `pricesOn(table, "${day}")`;
        const query = subject.pricesOn(table, day);
        const rows = await asAnswer(input, () => session.sql<{ event_time: number }>(query));
        const read = await filesRead();
        const right = ROWS / DAYS;
        const times = rows.map(({ event_time: time }) => new Date(time).toISOString());
        const other = times.find((time) => !time.startsWith(day));
        if (rows.length !== right || other !== undefined) {
          const found = `${rows.length} prices${other === undefined ? "" : `, one of them at ${other}`}`;
          throw wrong(input, `${right} prices of that day`, found, "A day begins at 00:00 UTC.");
        }
        const holding = await session.sql(
          `SELECT DISTINCT input_file_name() FROM ${table} WHERE date_format(event_time, 'yyyy-MM-dd') = '${day}'`,
        );
        const all = (await filesIn(store, "table")).length;
        if (read > holding.length || (holding.length === all && all > 1)) {
          throw wrong(
            input,
            holding.length === all
              ? "files that contain a few days each"
              : `${holding.length} of ${all} files to be read: the others have no price of that day`,
            holding.length === all
              ? `each of the ${all} files has prices of that day`
              : `${read} files were read`,
            "Spark skips folders only by a condition on the partition column itself.",
          );
        }
      }
    }),
  ),
];
