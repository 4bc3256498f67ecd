/** A streaming query over the view `prices`. */
export interface StreamingQuery {
  /** The column of `prices` on which Spark keeps the watermark. */
  eventTime: string;
  /** How far the watermark is behind the largest value of that column, in milliseconds. */
  delayMs: number;
  /** Spark SQL. */
  query: string;
  outputMode: "append" | "update" | "complete";
}

/**
 * A streaming query that computes, for each asset and each minute of event time, how many prices there were and their average.
 * It runs for months, so its state must stay bounded: what is final must leave the state.
 *
 * The stream `prices` has the columns `asset` string, `price_usd` double, `event_time` timestamp and `arrival_time` timestamp.
 * Prices arrive out of order. Each one that is at most 30 seconds behind the largest event time before it must count. One whose
 * minute has been written does not count any more.
 *
 * The result has the columns `asset`, `window_start` (a timestamp), `count` and `avg_price`. Each row is written once, when it
 * is final: as soon as the 30 seconds allow it.
 */
export function minutes(): StreamingQuery {
  return {
    eventTime: "event_time",
    delayMs: 30_000,
    outputMode: "append",
    query: `
      SELECT asset, window.start AS window_start, count(*) AS count, avg(price_usd) AS avg_price
      FROM prices
      GROUP BY asset, window(event_time, '1 minute')`,
  };
}
