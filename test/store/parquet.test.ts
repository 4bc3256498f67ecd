import fc from "fast-check";
import { parquetMetadata } from "hyparquet";
import { expect, test } from "vitest";
import { LabError } from "../../labs/shared/errors.js";
import { decodeParquet, encodeParquet } from "../../labs/store/parquet.js";
import { PRICE_COLUMNS, WINDOW_COLUMNS } from "../../labs/store/products.js";

const timeMs = fc.integer({ min: Date.UTC(1, 0), max: Date.UTC(9999, 11, 31) });
/** Any number but −0, which no price is and which comes back as 0. */
const number = fc.double({ noNaN: true }).map((value) => (value === 0 ? 0 : value));
const windowRow = fc.record({
  asset: fc.string({ unit: "grapheme", maxLength: 20 }),
  window_start: timeMs,
  window_end: timeMs,
  count: fc.nat(),
  avg_price: number,
  stddev_price: fc.option(number),
  min_price: number,
  max_price: number,
  first_price: number,
  last_price: number,
  pct_change: number,
});

test("any rows are read back as they were written", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(windowRow, { maxLength: 50 }), async (rows) => {
      expect(await decodeParquet(await encodeParquet(WINDOW_COLUMNS, rows))).toEqual(rows);
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
