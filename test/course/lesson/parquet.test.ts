import { readFile } from "node:fs/promises";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { expect, test } from "vitest";
import { observedEvents } from "../../../labs/course/lesson/observed.js";
import { countedFile, pagesOf } from "../../../labs/course/lesson/parquet.js";
import { market } from "../../../labs/source/market.js";
import { encodeParquet } from "../../../labs/store/parquet.js";
import { PRICE_COLUMNS } from "../../../labs/store/products.js";

const toArrayBuffer = (content: Buffer) => new Uint8Array(content).buffer;

async function chapterRows(count: number) {
  const events = await observedEvents(market({ seed: 3, events: 100_000, malformed: 0 }));
  return events.slice(0, count).map(({ asset, priceUsd, eventTimeMs }) => {
    return { asset, price_usd: priceUsd, event_time: eventTimeMs };
  });
}

test("a counted file records what was read of it, from its end too", async () => {
  const file = countedFile(Uint8Array.from([1, 2, 3, 4, 5]).buffer);
  expect([...new Uint8Array(await file.slice(1, 3))]).toEqual([2, 3]);
  expect([...new Uint8Array(await file.slice(-2))]).toEqual([4, 5]);
  expect(file.reads).toEqual([
    { from: 1, to: 3 },
    { from: 3, to: 5 },
  ]);
  expect(file.bytesRead()).toBe(4);
});

test("the pages of a file contain all its values, and fit into its column chunks", async () => {
  const rows = await chapterRows(20_000);
  const content = await encodeParquet(PRICE_COLUMNS, rows, { rowGroupRows: 15_000 });
  const metadata = parquetMetadata(toArrayBuffer(content));
  const pages = pagesOf(toArrayBuffer(content), metadata);
  // 8,192 + 6,808 rows in the first row group, 5,000 in the second
  expect(pages.filter(({ column }) => column === "asset").map(({ values }) => values)).toEqual([
    8_192, 6_808, 5_000,
  ]);
  expect(pages.every(({ kind, encoding }) => kind === "data" && encoding === "PLAIN")).toBe(true);
});

// labs/course/lesson/spark-500-prices.parquet was written by Spark 3.5.7 from these rows, in a CSV file, by
//
//   spark.read.csv(path, header=True, schema="asset string, price_usd double, event_time long")
//     .withColumn("event_time", timestamp_millis(col("event_time"))).coalesce(1).write.parquet(folder)
//
// with spark.sql.parquet.outputTimestampType TIMESTAMP_MILLIS (setup/spark/spark-defaults.conf).
test("the file that Spark wrote has the first rows of the chapter, and a dictionary for assets", async () => {
  const file = toArrayBuffer(await readFile("labs/course/lesson/spark-500-prices.parquet"));
  const rows = await chapterRows(500);
  const found = await parquetReadObjects({ file, compressors });
  expect(found).toEqual(
    rows.map((row) => {
      return { ...row, event_time: new Date(row.event_time) };
    }),
  );
  const pages = pagesOf(file, parquetMetadata(file));
  expect(pages.map(({ column, kind, encoding }) => `${column}: ${kind}, ${encoding}`)).toEqual([
    "asset: dictionary, PLAIN_DICTIONARY",
    "asset: data, PLAIN_DICTIONARY",
    "price_usd: data, PLAIN",
    "event_time: data, PLAIN",
  ]);
});
