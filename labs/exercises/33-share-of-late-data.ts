import { notDone } from "./not-done.js";

/**
 * A Spark SQL query that finds how much data a watermark would drop, for each asset.
 *
 * The view `arrivals` has the columns `asset` string, `event_time` timestamp and `number` bigint: the order of arrival, from 0,
 * over all assets. An event is late if its event time is more than 30 seconds before the largest event time of all events that
 * arrived before it, of any asset. The first event of all is not late.
 *
 * The result has a row for each asset: `asset`, `events` (how many), `late` (how many of them are late; 0 if none), `share`
 * (late divided by events, a double from 0 to 1). The order of the rows does not matter.
 *
 * See Spark's documentation of window functions: `OVER (ORDER BY … ROWS BETWEEN … AND …)`.
 */
export function lateShare(): string {
  // TODO
  return notDone();
}
