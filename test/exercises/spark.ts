import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SparkRow } from "../../labs/spark/arrow.js";
import { connectSpark, type SparkSession } from "../../labs/spark/client.js";
import {
  readStream,
  sqlRelation,
  withWatermark,
  type Relation,
} from "../../labs/spark/relation.js";
import type { SparkProgress, WriteStreamOptions } from "../../labs/spark/streaming-query.js";
import { isClose, wrong } from "./checks.js";
import { sparkRemote, uniqueName } from "./systems.js";

// Spark for checks: queries of an answer, and streams that are made of files.

export interface Price {
  asset: string;
  price: number;
  /** Milliseconds since the epoch. */
  timeMs: number;
}

/** Runs a function with a session in UTC. */
export async function withSpark<T>(run: (session: SparkSession) => Promise<T>): Promise<T> {
  const session = connectSpark(sparkRemote);
  try {
    await session.sql("SET spark.sql.session.timeZone=UTC");
    return await run(session);
  } finally {
    session.close();
  }
}

/** The columns in which two rows differ; a column that one of them lacks differs. */
export const differingColumns = (one: SparkRow, other: SparkRow, tolerance: number): string[] =>
  [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
    (column) => !isClose(one[column], other[column], tolerance),
  );

/** Runs what an answer asks Spark for. @throws WrongAnswer with Spark's message */
export async function asAnswer<T>(input: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const [found = ""] = (error as Error).message.split("\n"); // a plan follows
    const idea = /watermark/i.test(found)
      ? "Is there a watermark, on the column of which the windows are made?"
      : "Spark's message says what it does not understand.";
    throw wrong(input, "rows", found, idea);
  }
}

/** How an answer wants to query the stream `prices`. */
export interface Asked {
  query: string;
  outputMode: "append" | "update" | "complete";
  /** The column of the watermark, and its delay. */
  eventTime: string;
  delayMs: number;
}

/**
 * Runs a streaming query over prices to its end: one batch per list. They are in the view `prices`, with the columns `asset`,
 * `price_usd`, `event_time` and `arrival_time` (one second later in each row).
 *
 * @returns the progress of its batches
 */
export async function runStream(
  session: SparkSession,
  batches: readonly (readonly Price[])[],
  { query, outputMode, eventTime, delayMs }: Asked,
  sink: Pick<WriteStreamOptions, "format" | "options" | "path" | "name">,
): Promise<SparkProgress[]> {
  const folder = await mkdtemp(join(tmpdir(), "stream-"));
  try {
    const input = join(folder, "input");
    await mkdir(input);
    let arrivalMs = Date.UTC(2026, 0, 1);
    for (const [index, prices] of batches.entries()) {
      const lines = prices.map(({ asset, price, timeMs }) =>
        JSON.stringify({
          asset,
          price_usd: price,
          event_time: new Date(timeMs).toISOString(),
          arrival_time: new Date((arrivalMs += 1_000)).toISOString(),
        }),
      );
      const file = join(input, `${String(index).padStart(5, "0")}.json`);
      await writeFile(file, lines.join("\n"));
      await utimes(file, index, index); // Spark reads files in the order of their times
    }
    const columns = "asset string, price_usd double, event_time timestamp, arrival_time timestamp";
    const view = uniqueName("files").replaceAll("-", "_");
    const files = readStream("json", { maxFilesPerTrigger: "1" }, columns, `file://${input}`);
    await session.createView(view, files);
    const arrived: Relation = sqlRelation(`SELECT * FROM ${view}`);
    await session.createView("prices", withWatermark(arrived, eventTime, delayMs));
    const checkpoint = `file://${join(folder, "checkpoint")}`;
    const options = { ...sink, checkpoint, outputMode };
    const running = await session.writeStream(sqlRelation(query), options);
    await running.awaitTermination();
    return await running.recentProgress();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
