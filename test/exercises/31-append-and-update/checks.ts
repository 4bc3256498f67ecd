import { readTopic } from "../../../labs/course/lesson/topic.js";
import { parseJson } from "../../../labs/shared/json.js";
import * as solution from "../../../solutions/31-append-and-update.js";
import { checksOf, wrong } from "../checks.js";
import { asAnswer, runStream, withSpark, type Price } from "../spark.js";
import { brokers, kafka, uniqueName, withTopic } from "../systems.js";

const check = checksOf(solution);

const MINUTE_MS = 60_000;
const DELAY_MS = 30_000;
const START_MS = Date.UTC(2025, 0, 1, 10);
const ASSETS = ["bitcoin", "ethereum", "a b", "a"];

/** Four batches of prices, at most 20 s out of order, so that none is late. */
const BATCHES: Price[][] = Array.from({ length: 4 }, (_, batch) =>
  Array.from({ length: 60 }, (_, index) => {
    const number = batch * 60 + index;
    const timeMs = START_MS + number * 1_000 - (number % 3) * 10_000;
    return { asset: ASSETS[number % ASSETS.length]!, price: ((number * 31) % 57) - 20, timeMs };
  }),
);
const INPUT = `${BATCHES.length} batches of ${BATCHES[0]!.length} prices each`;

interface Figures {
  count: number;
  maxPrice: number;
}
const minuteOf = (timeMs: number) => Math.floor(timeMs / MINUTE_MS) * MINUTE_MS;
const nameOf = (asset: string, startMs: number) => `${asset} at ${new Date(startMs).toISOString()}`;

/** The figures by asset and minute. */
function figuresOf(prices: readonly Price[]): Map<string, Figures> {
  const figures = new Map<string, Figures>();
  for (const { asset, price, timeMs } of prices) {
    const name = nameOf(asset, minuteOf(timeMs));
    const { count, maxPrice } = figures.get(name) ?? { count: 0, maxPrice: -Infinity };
    figures.set(name, { count: count + 1, maxPrice: Math.max(maxPrice, price) });
  }
  return figures;
}

const ALL = BATCHES.flat();
const LAST_MS = Math.max(...ALL.map(({ timeMs }) => timeMs));
/** What the watermark has passed at the end. */
const FINAL = figuresOf(
  ALL.filter(({ timeMs }) => minuteOf(timeMs) + MINUTE_MS <= LAST_MS - DELAY_MS),
);

function compare(found: Map<string, Figures>, right: Map<string, Figures>, idea: string): void {
  const shown = (figures: Figures | undefined) =>
    figures === undefined ? "nothing" : `count ${figures.count}, maximum ${figures.maxPrice}`;
  for (const name of new Set([...right.keys(), ...found.keys()])) {
    const [want, have] = [shown(right.get(name)), shown(found.get(name))];
    if (want !== have) throw wrong(INPUT, `${name}: ${want}`, `${name}: ${have}`, idea);
  }
}

interface Row {
  asset: string;
  window_start: number | string;
  count: number;
  max_price: number;
}
/** The beginning of a row's window. @throws WrongAnswer if it is not a time */
function startOf({ window_start: start }: Row): number {
  if (typeof start === "number") return start;
  const text = typeof start === "string" ? start : JSON.stringify(start);
  const hasOffset = /(Z|[+-]\d\d:?\d\d)$/.test(text);
  const startMs = Date.parse(hasOffset ? text : `${text.replace(" ", "T")}Z`);
  if (Number.isNaN(startMs)) {
    throw wrong(
      INPUT,
      "a window_start such as 2025-01-01T10:00:00.000Z",
      text,
      "Keep the timestamp.",
    );
  }
  return startMs;
}

export default [
  check.scenario("the archive has each minute once, when it is final", async (subject) => {
    const asked = { ...subject.archive(), eventTime: "event_time", delayMs: DELAY_MS };
    const rows = await withSpark(async (session) => {
      const name = uniqueName("archive").replaceAll("-", "_");
      await asAnswer(INPUT, () => runStream(session, BATCHES, asked, { format: "memory", name }));
      return asAnswer(INPUT, () =>
        session.sql<Row>(`SELECT asset, window_start, count, max_price FROM ${name}`),
      );
    });
    const found = new Map<string, Figures>();
    for (const row of rows) {
      const name = nameOf(row.asset, startOf(row));
      if (found.has(name)) {
        throw wrong(INPUT, `${name} once`, "several times", "Append mode writes a window once.");
      }
      found.set(name, { count: row.count, maxPrice: row.max_price });
    }
    compare(found, FINAL, "Only final minutes are archived, with all their prices.");
  }),
  check.scenario("the live table has the newest figures of every minute", (subject) =>
    withTopic("live", 3, async (topic) => {
      const asked = { ...subject.live(), eventTime: "event_time", delayMs: DELAY_MS };
      const options = { "kafka.bootstrap.servers": brokers.join(","), topic };
      await withSpark((session) =>
        asAnswer(INPUT, () =>
          runStream(session, BATCHES, asked, { format: "kafka", options, name: topic }),
        ),
      );
      const records = await readTopic(kafka, topic);
      const last = new Map<string, string>();
      for (const { key, value } of records) last.set(key, value ?? "null");
      const found = new Map<string, Figures>();
      for (const [key, value] of last) {
        const row = parseJson(value) as Partial<Row> | undefined;
        if (typeof row?.asset !== "string" || row.window_start === undefined) {
          throw wrong(
            INPUT,
            "values with asset, window_start, count and max_price",
            value,
            "to_json(struct(…)) makes JSON of columns.",
          );
        }
        const name = nameOf(row.asset, startOf(row as Row));
        if (found.has(name)) {
          throw wrong(
            INPUT,
            `one key for ${name}`,
            `several; one is ${key}`,
            "The key must stay the same when the figures change.",
          );
        }
        found.set(name, { count: row.count!, maxPrice: row.max_price! });
      }
      compare(
        found,
        figuresOf(ALL),
        "The key has the asset and the minute; update mode writes what has changed.",
      );

      const changed = BATCHES.map((batch) => figuresOf(batch).size);
      const most = changed.reduce((sum, count) => sum + count, 0);
      if (records.length > most) {
        throw wrong(
          INPUT,
          `at most ${most} records`,
          `${records.length}`,
          "A batch writes only what it has changed.",
        );
      }
    }),
  ),
];
