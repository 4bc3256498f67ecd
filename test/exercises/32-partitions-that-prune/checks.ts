import axios from "axios";
import { sleep } from "../../../labs/shared/wait.js";
import type { SparkSession } from "../../../labs/spark/client.js";
import type { Store } from "../../../labs/store/store.js";
import * as solution from "../../../solutions/32-partitions-that-prune.js";
import { checksOf, wrong } from "../checks.js";
import { asAnswer, withSpark } from "../spark.js";
import { sparkUi, withFolder } from "../systems.js";

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
const withTable = (
  subject: typeof solution,
  run: (table: string, store: Store, session: SparkSession) => Promise<void>,
): Promise<void> =>
  withFolder("partitions", ({ name, store }) =>
    withSpark(async (session) => {
      const table = name.replaceAll("-", "_");
      await session.createView("prices", { sql: { query: PRICES } });
      try {
        const statement = subject.createTable(table, `${store.root}/table`);
        await asAnswer("createTable", () => session.sql(statement));
        await run(table, store, session);
      } finally {
        await session.sql(`DROP TABLE IF EXISTS ${table}`);
      }
    }),
  );

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
  status: string;
  planDescription: string;
  nodes: { metrics: { name: string; value: string }[] }[];
}

/** The queries that have read a table and are done, from Spark's web UI, which shows them a moment later. */
async function executionsOf(table: string): Promise<Execution[]> {
  const api = `${sparkUi}/api/v1/applications`;
  const get = async <T>(url: string) => (await axios.get<T>(url, { proxy: false })).data;
  const [application] = await get<{ id: string }[]>(api);
  const all = await get<Execution[]>(
    `${api}/${application!.id}/sql?details=true&planDescription=true&length=100000`,
  );
  return all.filter(
    (each) =>
      each.status === "COMPLETED" &&
      each.planDescription.includes(table) &&
      filesRead(each) !== undefined,
  );
}

/** How many files a query has read; undefined if it has not read a table. */
function filesRead({ nodes }: Execution): number | undefined {
  const counts = nodes.flatMap(({ metrics }) =>
    metrics.flatMap(({ name, value }) =>
      name === "number of files read" ? [Number(value.replaceAll(",", ""))] : [],
    ),
  );
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0);
}

const UI_LIMIT_MS = 20_000;
const POLL_MS = 100;

/** Runs a query of a table. @returns its rows, and how many files Spark has read for it */
async function measured(
  session: SparkSession,
  table: string,
  query: string,
): Promise<{ rows: { event_time: number }[]; read: number }> {
  const known = new Set((await executionsOf(table)).map(({ id }) => id));
  const rows = await session.sql<{ event_time: number }>(query);
  const deadlineMs = performance.now() + UI_LIMIT_MS;
  while (performance.now() < deadlineMs) {
    const [execution] = (await executionsOf(table)).filter(({ id }) => !known.has(id));
    if (execution !== undefined) return { rows, read: filesRead(execution)! };
    await sleep(POLL_MS);
  }
  throw new Error(
    `Spark's web UI has not shown the query of ${table} for ${UI_LIMIT_MS / 1_000} s`,
  );
}

/** All rows and the different ones, which are as many if each was written once. */
async function countsOf(session: SparkSession, table: string): Promise<string> {
  const [row] = await session.sql<{ rows: number; different: number }>(
    `SELECT count(*) AS rows, count(DISTINCT asset, price_usd, event_time) AS different FROM ${table}`,
  );
  return `${row!.rows} prices, ${row!.different} of them different`;
}

export default [
  check.scenario("the table has all rows, in few files", (subject) =>
    withTable(subject, async (table, store, session) => {
      const input = `createTable, for ${ROWS.toLocaleString("en-US")} prices of ${DAYS} days`;
      const right = `${ROWS} prices, ${ROWS} of them different`;
      const found = await asAnswer(input, () => countsOf(session, table));
      if (found !== right) throw wrong(input, right, found, "Write every row once.");
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
        const { rows, read } = await asAnswer(input, () => measured(session, table, query));
        const right = ROWS / DAYS;
        const times = rows.map(({ event_time: time }) => new Date(time).toISOString());
        const other = times.find((time) => !time.startsWith(day));
        if (rows.length !== right || other !== undefined) {
          const found = `${rows.length} prices${other === undefined ? "" : `, one of them at ${other}`}`;
          throw wrong(input, `${right} prices of that day`, found, "A day begins at 00:00 UTC.");
        }
        // Measured, too, so that it is known when the next day's query is looked for.
        const { rows: holding } = await measured(
          session,
          table,
          `SELECT DISTINCT input_file_name() FROM ${table} WHERE date_format(event_time, 'yyyy-MM-dd') = '${day}'`,
        );
        const all = (await filesIn(store, "table")).length;
        if (read !== holding.length || (holding.length === all && all > 1)) {
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
