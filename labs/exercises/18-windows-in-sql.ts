import { notDone } from "./not-done.js";

/**
 * The windows of the lab, asked of Spark: a SQL query over the view `prices` (columns `asset` string, `price_usd` double,
 * `event_time` timestamp) that has a row for each asset and each window of one minute, one every twenty seconds, with
 * these columns:
 *
 * - `asset`
 * - `window_start`, a timestamp
 * - `count`, how many prices are in the window
 * - `avg_price`
 * - `stddev_price`, the *sample* standard deviation
 * - `pct_change`: (last − first) / first × 100, first and last by event time
 *
 * The order of the rows does not matter. Spark's documentation of `window`, `min_by` and `max_by` is worth a look.
 */
export function windowedQuery(): string {
  // TODO
  return notDone();
}
