import { PROTOCOL, connectSpark, type SparkSession } from "../../../labs/spark/client.js";
import { ownAddresses, readConfig } from "../../../labs/shared/config.js";
import * as solution from "../../../solutions/18-windows-in-sql.js";
import { checksOf, wrong } from "../checks.js";
import { differingColumns } from "../spark.js";

const check = checksOf(solution);

type Row = Record<string, string | number | null>;
const { sparkRemote, stack } = readConfig();
const remote = sparkRemote ?? ownAddresses(stack).sparkRemote;

/** The rows of a query over some prices, by asset and start. */
async function ask(
  session: SparkSession,
  query: string,
  prices: [string, number, string][],
): Promise<Row[]> {
  const values = prices.map(
    ([asset, price, clock]) => `('${asset}', ${price}D, timestamp'2025-01-01 10:${clock}Z')`,
  );
  const table =
    values.length === 0
      ? "SELECT '' AS asset, 0D AS price_usd, now() AS event_time WHERE false"
      : `SELECT * FROM VALUES ${values.join(", ")} AS t(asset, price_usd, event_time)`;
  await session.sql("SET spark.sql.session.timeZone=UTC");
  await session.createView("prices", { sql: { query: table } });
  const rows = await session.sql<Row>(query);
  const key = (row: Row) => `${String(row["asset"])} ${String(row["window_start"])}`;
  return rows.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** What may be wrong with a column. */
const IDEAS: Record<string, string> = {
  stddev_price: "stddev_samp divides by n − 1; of one price it is NULL.",
  pct_change:
    "min_by and max_by find the first and the last price by event time: first() and last() depend on the order in which rows are read.",
};

/** Asks both the learner's query and the solution's, and compares. */
const asked = (name: string, idea: string, prices: [string, number, string][]) =>
  check.scenario(name, async (subject) => {
    const query = subject.windowedQuery();
    const session = connectSpark(remote, PROTOCOL, 2_000);
    try {
      const expected = await ask(session, solution.windowedQuery(), prices);
      let found: Row[];
      try {
        found = await ask(session, query, prices);
      } catch (error) {
        throw wrong(
          "your query",
          "rows",
          (error as Error).message.slice(0, 400),
          "Spark's message says what it does not understand.",
        );
      }
      const shown = (rows: Row[]) => rows.map((row) => JSON.stringify(row)).join("\n") || "no rows";
      const input = prices
        .map(([asset, price, clock]) => `${asset} ${price} at 10:${clock}`)
        .join("\n");
      if (expected.length !== found.length) {
        throw wrong(
          input,
          `number of rows: ${expected.length}\n${shown(expected.slice(0, 3))}`,
          `number of rows: ${found.length}\n${shown(found.slice(0, 3))}`,
          idea,
        );
      }
      for (const [index, row] of expected.entries()) {
        const differing = differingColumns(row, found[index]!, 1e-9);
        if (differing.length === 0) continue;
        const columns = `It differs in ${differing.join(", ")}. `;
        const why = differing.length === 1 ? (IDEAS[differing[0]!] ?? idea) : idea;
        throw wrong(input, shown([row]), shown([found[index]!]), columns + why);
      }
    } finally {
      session.close();
    }
  });

export default [
  asked(
    "an event falls into three windows",
    "Windows are one minute long, and one begins every twenty seconds.",
    [["bitcoin", 100, "01:10"]],
  ),
  asked("each asset has its own windows", "GROUP BY asset and window.", [
    ["bitcoin", 100, "00:10"],
    ["ethereum", 7, "00:10"],
  ]),
  asked("the sample deviation", "stddev_samp divides by n − 1; of one price it is NULL.", [
    ["bitcoin", 100, "00:01"],
    ["bitcoin", 104, "00:02"],
    ["bitcoin", 102, "00:03"],
  ]),
  asked(
    "first and last by event time",
    "Use min_by and max_by: first() and last() depend on the order in which rows are read.",
    [
      ["bitcoin", 110, "00:19"],
      ["bitcoin", 100, "00:01"],
      ["bitcoin", 105, "00:07"],
    ],
  ),
  asked("a window contains its start but not its end", "start ≤ t < end: window() does this.", [
    ["bitcoin", 100, "01:00"],
    ["bitcoin", 110, "01:59.999"],
    ["bitcoin", 120, "02:00"],
  ]),
];
