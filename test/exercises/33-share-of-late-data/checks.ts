import type { SparkSession } from "../../../labs/spark/client.js";
import * as solution from "../../../solutions/33-share-of-late-data.js";
import { checksOf, isClose, wrong } from "../checks.js";
import { asAnswer, differingColumns, withSpark } from "../spark.js";

const check = checksOf(solution);

interface Arrival {
  asset: string;
  /** Seconds; whole milliseconds. */
  time: number;
}
type Row = { asset: string; events: number; late: number | null; share: number };

async function ask(session: SparkSession, query: string, arrivals: Arrival[]): Promise<Row[]> {
  const values = arrivals.map(
    ({ asset, time }, number) =>
      `('${asset}', timestamp_millis(${Math.round(time * 1_000)}), ${number}L)`,
  );
  // In another order than that of arrival: a query must not rely on it.
  const rows = values.sort().join(", ");
  const view = `SELECT * FROM VALUES ${rows} AS t(asset, event_time, number)`;
  await session.createView("arrivals", { sql: { query: view } });
  const found = await session.sql<Row>(query);
  return found.sort((a, b) => (a.asset < b.asset ? -1 : 1));
}

const START = Date.UTC(2025, 0, 1) / 1_000;
const arrival = (asset: string, time: number): Arrival => ({ asset, time: START + time });

/** A stream in which the busy asset is in time, and the two others lag by chance. */
const mixed = Array.from({ length: 300 }, (_, index) => {
  const lag = ((index * 37) % 83) - 20;
  if (index % 3 === 0) return arrival("bitcoin", index * 5);
  return arrival(index % 3 === 1 ? "ethereum" : "dogecoin", index * 5 - Math.max(0, lag));
});

const asked = (name: string, idea: string, arrivals: Arrival[]) =>
  check.scenario(name, async (subject) => {
    const query = subject.lateShare();
    const firstTime = arrivals[0]!.time;
    const shown = ({ asset, time }: Arrival) => `${asset} ${Number((time - firstTime).toFixed(3))}`;
    const first = arrivals.slice(0, 8).map(shown).join(", ");
    const input = `asset and second, in order of arrival: ${first}${arrivals.length > 8 ? ` … (${arrivals.length})` : ""}`;
    await withSpark(async (session) => {
      const right = await ask(session, solution.lateShare(), arrivals);
      const found = await asAnswer(input, () => ask(session, query, arrivals));
      const at = right.findIndex((row, index) => !isClose(row, found[index], 1e-9));
      if (at < 0 && right.length === found.length) return;
      const text = (row: Row | undefined) => JSON.stringify(row) ?? "no such row";
      const [row, other] = [right[at], found[at]];
      const differing = row && other ? differingColumns(row, other, 1e-9).join(", ") : "";
      const ideas: Record<string, string> = {
        share: "It is late divided by events, from 0 to 1.",
        "late, share":
          other?.late === null ? "A sum over no rows is NULL: count_if gives 0." : idea,
      };
      const why =
        differing === "" ? idea : `It differs in ${differing}. ${ideas[differing] ?? idea}`;
      throw wrong(input, text(row), text(found[at < 0 ? right.length : at]), why);
    });
  });

export default [
  asked(
    "more than thirty seconds behind is late",
    "30 seconds behind is in time, half a second more is late; the largest before counts, not the last one.",
    [0, 60.7, 30.7, 30.2, 40, 100, 69.5, 70].map((time) => arrival("bitcoin", time)),
  ),
  asked(
    "other assets move the watermark, too",
    "Take the maximum over all assets, and count per asset.",
    [
      arrival("solana", 0),
      arrival("bitcoin", 100),
      arrival("solana", 60),
      arrival("solana", 80),
      arrival("bitcoin", 69),
    ],
  ),
  asked(
    "only what has arrived before counts",
    "An event cannot be late because of one that arrives after it.",
    [arrival("bitcoin", 0), arrival("bitcoin", 10), arrival("bitcoin", 500)],
  ),
  asked("an asset without late events", "Its share is 0, not NULL, and it has a row.", [
    arrival("bitcoin", 5),
    arrival("ethereum", 6),
  ]),
  asked("times before 1970", "Times may be negative.", [
    { asset: "bitcoin", time: -100 },
    { asset: "bitcoin", time: -60 },
    { asset: "bitcoin", time: -95 },
  ]),
  asked(
    "a long stream",
    "The largest event time of all events that arrived before, minus 30 seconds.",
    mixed,
  ),
];
