/** What a streaming query writes, and when. */
export interface Output {
  /** Spark SQL over the view `prices`. */
  query: string;
  outputMode: "append" | "update" | "complete";
}

/**
 * The same figures for two readers: for each asset and each minute of event time, the number of prices and the largest price.
 * The stream `prices` has the columns `asset` string, `price_usd` double and `event_time` timestamp. The watermark is on
 * `event_time`, 30 seconds behind.
 *
 * The archive is a folder of Parquet files, to which rows can only be added. It has the columns `asset`, `window_start` (a timestamp),
 * `count` and `max_price`, and each asset and minute once: when it is final.
 */
export function archive(): Output {
  return {
    outputMode: "append",
    query: `
      SELECT asset, window.start AS window_start, count(*) AS count, max(price_usd) AS max_price
      FROM prices
      GROUP BY asset, window(event_time, '1 minute')`,
  };
}

/**
 * The live table is a compacted Kafka topic: a reader keeps the last value of each key, and has the newest figures of each asset
 * and minute, also of minutes that are not final. The query has the columns `key` and `value`, both strings:
 *
 * - `value` is JSON with the fields `asset`, `window_start` (ISO 8601 or what `to_json` makes of a timestamp), `count` and `max_price`.
 * - There is one key for each asset and minute, always the same.
 *
 * A batch writes only minutes that it has changed. See Spark's documentation of `to_json` and `struct`.
 */
export function live(): Output {
  return {
    outputMode: "update",
    query: `
      SELECT concat(asset, ' ', window.start) AS key,
        to_json(struct(asset, window.start AS window_start, count, max_price)) AS value
      FROM (
        SELECT asset, window(event_time, '1 minute') AS window, count(*) AS count,
          max(price_usd) AS max_price
        FROM prices
        GROUP BY asset, window(event_time, '1 minute')
      )`,
  };
}
