import { notDone } from "./not-done.js";

/** A row of a streaming aggregation: how many events a window has. */
export interface WindowCount {
  /** The window's end, milliseconds since the epoch; it identifies the row. */
  endMs: number;
  count: number;
}

/**
 * The rows that a micro-batch writes, depending on the query's output mode (Spark Structured Streaming guide, "Output Modes"):
 * - `append`: the rows that have become final: the watermark of this batch has reached their window's end, and the watermark of
 *   the previous batch had not;
 * - `update`: the rows that are new or whose count has changed in this batch;
 * - `complete`: all rows.
 *
 * @param before the result before the batch, by end
 * @param after the result after it, by end: the same rows, some with more events, and new rows
 * @param previousWatermarkMs the watermark of the previous batch
 * @param watermarkMs the watermark of this batch
 * @returns rows of `after`, in their order
 */
export function rowsToWrite(
  mode: "append" | "update" | "complete",
  before: readonly WindowCount[],
  after: readonly WindowCount[],
  previousWatermarkMs: number,
  watermarkMs: number,
): WindowCount[] {
  // TODO
  return notDone(mode, before, after, previousWatermarkMs, watermarkMs);
}
