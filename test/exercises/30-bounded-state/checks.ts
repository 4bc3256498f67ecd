import type { SparkRow } from "../../../labs/spark/arrow.js";
import * as solution from "../../../solutions/30-bounded-state.js";
import { checksOf, isClose, wrong } from "../checks.js";
import { asAnswer, differingColumns, runStream, withSpark, type Price } from "../spark.js";
import { uniqueName } from "../systems.js";

const check = checksOf(solution);

const MINUTE_MS = 60_000;
const BATCHES = 8;
const BATCH_MS = 5 * MINUTE_MS;
const START_MS = Date.UTC(2025, 0, 1, 10);

/** Forty minutes of prices in batches of five; every fourth price is 29 s late, and some are ten minutes late. */
function longStream(): Price[][] {
  return Array.from({ length: BATCHES }, (_, batch) => {
    const prices: Price[] = [];
    for (let ms = 0; ms < BATCH_MS; ms += 2_000) {
      const number = ms / 2_000;
      const lateMs = number % 50 === 49 ? 10 * MINUTE_MS : number % 4 === 3 ? 29_000 : 0;
      const asset = ["bitcoin", "ethereum", "solana"][number % 3]!;
      const timeMs = START_MS + batch * BATCH_MS + ms - lateMs;
      prices.push({ asset, price: 100 + ((number * 7) % 11), timeMs });
    }
    return prices;
  });
}

interface Outcome {
  rows: SparkRow[];
  /** The rows in the state after each batch. */
  state: number[];
}

async function outcomeOf(asked: solution.StreamingQuery, batches: Price[][]): Promise<Outcome> {
  return withSpark(async (session) => {
    const name = uniqueName("minutes").replaceAll("-", "_");
    const progress = await runStream(session, batches, asked, { format: "memory", name });
    const rows = await session.sql(`SELECT * FROM ${name} ORDER BY asset, window_start`);
    return { rows, state: progress.map((each) => each.stateOperators[0]?.numRowsTotal ?? 0) };
  });
}

/** What is wrong with rows, if it is not a single value. */
function problemOf(right: SparkRow[], found: SparkRow[]): string | undefined {
  const keys = found.map((row) => `${String(row["asset"])} ${String(row["window_start"])}`);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) {
    return "An asset and minute is written several times: append mode writes each row once, when it is final.";
  }
  if (found.length > right.length) {
    return "Too many rows: a minute is written when the largest event time is 30 seconds past its end, not before.";
  }
  if (found.length < right.length) {
    return "Too few rows: a minute is written as soon as the largest event time is 30 seconds past its end.";
  }
  return undefined;
}

const shown = (row: SparkRow | undefined) => JSON.stringify(row) ?? "no such row";

const streams = (name: string, input: string, batches: Price[][], idea: string) =>
  check.scenario(name, async (subject) => {
    const asked = subject.minutes();
    const right = await outcomeOf(solution.minutes(), batches);
    const found = await asAnswer(input, () => outcomeOf(asked, batches));
    const [allowed, largest] = [2 * Math.max(...right.state), Math.max(...found.state)];
    if (largest > allowed) {
      throw wrong(
        input,
        `at most ${allowed} rows in the state`,
        `after each batch: ${found.state.join(", ")}`,
        "What is final must leave the state: that needs a watermark and append mode.",
      );
    }
    const at = right.rows.findIndex((row, index) => !isClose(row, found.rows[index], 1e-9));
    if (at >= 0 || right.rows.length !== found.rows.length) {
      const [want, have] = at >= 0 ? [shown(right.rows[at]), shown(found.rows[at])] : ["", ""];
      const [row, other] = [right.rows[at], found.rows[at]];
      const differing = row && other ? differingColumns(row, other, 1e-9).join(", ") : "";
      throw wrong(
        input,
        `${right.rows.length} rows\n${want}`.trim(),
        `${found.rows.length} rows\n${have}`.trim(),
        problemOf(right.rows, found.rows) ?? `It differs in ${differing}. ${idea}`,
      );
    }
  });

export default [
  streams(
    "late prices count, and each minute is written once",
    "six batches; one price is 16 s behind, and one two minutes",
    [
      [
        { asset: "bitcoin", price: 100, timeMs: START_MS + 50_000 },
        { asset: "bitcoin", price: 90, timeMs: START_MS + 20_000 },
        { asset: "solana", price: 7, timeMs: START_MS + 59_999 },
      ],
      [{ asset: "bitcoin", price: 110, timeMs: START_MS + 70_000 }],
      [{ asset: "bitcoin", price: 120, timeMs: START_MS + 71_000 }],
      [{ asset: "bitcoin", price: 130, timeMs: START_MS + 55_000 }],
      [{ asset: "bitcoin", price: 140, timeMs: START_MS + 200_000 }],
      [{ asset: "solana", price: 8, timeMs: START_MS + 80_000 }],
    ],
    "A price at most 30 seconds behind counts; one that comes after its minute was written does not.",
  ),
  streams(
    "the state stays bounded in a long stream",
    `${BATCHES} batches of five minutes each`,
    longStream(),
    "A price that is 29 seconds late counts, one that is ten minutes late does not.",
  ),
];
