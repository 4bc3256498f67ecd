import { notDone } from "./not-done.js";

/**
 * The SQL statement that writes prices as a partitioned Parquet table.
 *
 * The view `prices` has the columns `asset` string, `price_usd` double and `event_time` timestamp: 30 days of prices of 20 assets,
 * in no order. The statement creates the table with all of these rows and columns, in Parquet files in the folder `location`. Spark's
 * session is in UTC.
 *
 * The table is for queries of a whole day, over all assets. Such a query must read only files that contain prices of that
 * day. And the table must not have many small files: at most 60.
 *
 * See Spark's documentation of `CREATE TABLE … USING parquet PARTITIONED BY … LOCATION … AS SELECT`.
 *
 * @param table the name of the table
 * @param location the URL of a folder on HDFS, which does not exist yet
 */
export function createTable(table: string, location: string): string {
  // TODO
  return notDone(table, location);
}

/**
 * The query for the prices of a day in the table that `createTable` has made: the columns `asset`, `price_usd` and `event_time`. It
 * reads only files that contain prices of that day.
 *
 * @param day a day in UTC, such as `2025-01-31`
 */
export function pricesOn(table: string, day: string): string {
  // TODO
  return notDone(table, day);
}
