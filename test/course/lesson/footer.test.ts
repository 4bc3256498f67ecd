import fc from "fast-check";
import { expect, test } from "vitest";
import {
  memoryFile,
  readFooter,
  readRowGroups,
  rowGroupsBetween,
} from "../../../labs/course/lesson/footer.js";
import { encodeParquet } from "../../../labs/store/parquet.js";
import { PRICE_COLUMNS, type PriceRow } from "../../../labs/store/products.js";

const row = fc.record({
  asset: fc.constantFrom("bitcoin", "ethereum"),
  price_usd: fc.integer({ min: 1, max: 1_000 }),
  event_time: fc.integer({ min: 0, max: 10_000 }),
});
const compression = fc.constantFrom("UNCOMPRESSED", "SNAPPY", "GZIP");

test("what the statistics exclude holds nothing that was asked for", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 1, max: 50 }),
      compression,
      fc.integer({ min: -10, max: 10_010 }),
      fc.nat(3_000),
      async (rows, rowGroupRows, how, from, length) => {
        const content = await encodeParquet(PRICE_COLUMNS, rows, {
          compression: how,
          rowGroupRows,
        });
        const file = memoryFile(content);
        const footer = await readFooter(file);
        const groups = rowGroupsBetween(footer, "event_time", from, from + length);
        const read = await readRowGroups<PriceRow>(file, footer, groups, [
          "event_time",
          "price_usd",
        ]);
        const asked = (each: { event_time: number }) =>
          from <= each.event_time && each.event_time <= from + length;
        expect(read.filter(asked).map((each) => each.price_usd)).toEqual(
          rows.filter(asked).map((each) => each.price_usd),
        );
        expect(file.bytesRead()).toBeLessThanOrEqual(content.length);
      },
    ),
    { numRuns: 60 },
  );
});

test("the footer says what each column chunk holds, and reading it needs the end of the file only", async () => {
  const rows = Array.from({ length: 100 }, (_, index) => ({
    asset: index < 50 ? "bitcoin" : "ethereum",
    price_usd: index + 1,
    event_time: 1_000 * index,
  }));
  const content = await encodeParquet(PRICE_COLUMNS, rows, { rowGroupRows: 50 });
  const file = memoryFile(content);
  const footer = await readFooter(file);
  expect(footer).toMatchObject({ rows: 100, fileBytes: content.length, rowGroups: [50, 50] });
  expect(footer.chunks[3]).toMatchObject({ column: "asset", rowGroup: 1, min: "ethereum" });
  expect(footer.chunks[5]).toMatchObject({ column: "event_time", min: 50_000, max: 99_000 });
  expect(file.bytesRead()).toBe(footer.footerBytes + 8);
  const lastChunk = footer.chunks.at(-1)!;
  expect(lastChunk.position + lastChunk.bytes).toBeLessThanOrEqual(
    content.length - footer.footerBytes,
  );
});
