import { notDone } from "./not-done.js";

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
  // TODO
  return notDone();
}
