import fc from "fast-check";
import { parquetMetadata } from "hyparquet";
import { expect, test } from "vitest";
import { LabError } from "../../labs/shared/errors.js";
import { decodeParquet, encodeParquet } from "../../labs/store/parquet.js";
import { PRICE_COLUMNS, WINDOW_COLUMNS } from "../../labs/store/products.js";
import { windowRow } from "../support/rows.js";

test("any rows are read back as they were written", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(windowRow, { maxLength: 50 }), async (rows) => {
      expect(await decodeParquet(await encodeParquet(WINDOW_COLUMNS, rows))).toEqual(rows);
    }),
  );
});

test("only the wanted rows are decoded, and all of them if they have no such column", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(windowRow, { maxLength: 50 }), async (rows) => {
      const content = await encodeParquet(WINDOW_COLUMNS, rows);
      const values = new Set(rows.slice(0, 2).map(({ asset }) => asset));
      const wanted = rows.filter(({ asset }) => values.has(asset));
      expect(await decodeParquet(content, { column: "asset", values })).toEqual(wanted);
      expect(await decodeParquet(content, { column: "symbol", values })).toEqual(rows);
    }),
  );
});

test("a text that begins with U+FEFF keeps it", async () => {
  const rows = [{ asset: "\ufeffa", price_usd: 1, event_time: 2 }];
  expect(await decodeParquet(await encodeParquet(PRICE_COLUMNS, rows))).toEqual(rows);
});

test("the file has the documented columns and types, compressed by SNAPPY", async () => {
  const content = await encodeParquet(PRICE_COLUMNS, [{ asset: "a", price_usd: 1, event_time: 2 }]);
  const metadata = parquetMetadata(
    content.buffer.slice(content.byteOffset, content.byteOffset + content.length) as ArrayBuffer,
  );
  const columns = metadata.schema
    .slice(1)
    .map(({ name, type, converted_type, repetition_type }) => [
      name,
      type,
      converted_type,
      repetition_type,
    ]);
  expect(columns).toEqual([
    ["asset", "BYTE_ARRAY", "UTF8", "REQUIRED"],
    ["price_usd", "DOUBLE", undefined, "REQUIRED"],
    ["event_time", "INT64", "TIMESTAMP_MILLIS", "REQUIRED"],
  ]);
  for (const { meta_data } of metadata.row_groups[0]!.columns) {
    expect(meta_data!.codec).toBe("SNAPPY");
  }
});

test("what does not fit, or is no Parquet, is a clear error", async () => {
  const row = { asset: null, price_usd: 1, event_time: 2 };
  await expect(encodeParquet(PRICE_COLUMNS, [row])).rejects.toThrow(LabError);
  await expect(decodeParquet(Buffer.from("<html>not found</html>"))).rejects.toThrow(
    /cannot read Parquet/,
  );
});

test("rows are whole, and statistics right, where pages and row groups end", async () => {
  // A page of the writer holds 8,192 rows.
  for (const [count, rowGroupRows] of [
    ...[8_191, 8_192, 8_193, 16_385].map((rows) => [rows, 100_000] as const),
    ...[9_999, 10_000, 10_001, 25_000].map((rows) => [rows, 10_000] as const),
    ...[10, 9, 3, 1, 0].map((rows) => [rows, 3] as const),
  ]) {
    const rows = Array.from({ length: count }, (_, index) => ({
      asset: `asset ${index % 7}`,
      price_usd: ((index * 37) % 1_000) - 500,
      event_time: ((index * 31) % 5_000) - 2_500,
    }));
    const content = await encodeParquet(PRICE_COLUMNS, rows, { rowGroupRows });
    expect(await decodeParquet(content), `${count} rows`).toEqual(rows);
    const { row_groups } = parquetMetadata(
      content.buffer.slice(content.byteOffset, content.byteOffset + content.length) as ArrayBuffer,
    );
    expect(row_groups.length).toBe(Math.ceil(count / rowGroupRows));
    for (const [group, { num_rows, columns }] of row_groups.entries()) {
      const own = rows.slice(group * rowGroupRows, (group + 1) * rowGroupRows);
      expect(Number(num_rows)).toBe(own.length);
      const { min_value, max_value, null_count } = columns[1]!.meta_data!.statistics!;
      const prices = own.map(({ price_usd }) => price_usd);
      expect([min_value, max_value]).toEqual([Math.min(...prices), Math.max(...prices)]);
      expect(Number(null_count)).toBe(0);
      const times = own.map(({ event_time }) => event_time);
      const { min_value: first, max_value: last } = columns[2]!.meta_data!.statistics!;
      expect([Number(first), Number(last)]).toEqual([Math.min(...times), Math.max(...times)]);
    }
  }
});
