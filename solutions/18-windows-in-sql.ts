/**
 * A Spark SQL query that computes the lab's windows from the view `prices` (columns `asset` string, `price_usd` double,
 * `event_time` timestamp). The result has a row for each asset and each window that has events. Windows are one minute
 * long, and one begins every twenty seconds. The columns:
 *
 * - `asset`
 * - `window_start`, a timestamp
 * - `count`, the number of prices in the window
 * - `avg_price`
 * - `stddev_price`, the *sample* standard deviation; NULL for a single price
 * - `pct_change`: (last − first) / first × 100, with first and last by event time
 *
 * The order of the rows does not matter. See Spark's documentation of `window`, `min_by` and `max_by`.
 */
export function windowedQuery(): string {
  return `
    SELECT asset, window_start, count, avg_price, stddev_price,
      (last_price - first_price) / first_price * 100 AS pct_change
    FROM (
      SELECT asset, window.start AS window_start, count(*) AS count, avg(price_usd) AS avg_price,
        stddev_samp(price_usd) AS stddev_price,
        min_by(price_usd, event_time) AS first_price, max_by(price_usd, event_time) AS last_price
      FROM prices
      GROUP BY asset, window(event_time, '1 minute', '20 seconds')
    )`;
}
