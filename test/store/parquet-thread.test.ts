import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeParquet } from "../../labs/store/parquet.js";
import { openParquetEncoder, startParquetThread } from "../../labs/store/parquet-thread.js";
import { PRICE_COLUMNS, WINDOW_COLUMNS } from "../../labs/store/products.js";
import { windowRow } from "../support/rows.js";

const ROOT = process.cwd();

test("files encoded in the thread, many at once, are those encoded here, byte for byte", async () => {
  const thread = startParquetThread(ROOT);
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(windowRow, { maxLength: 50 }), { maxLength: 5 }),
        async (files) => {
          const encoded = files.map((rows) => thread.encode(WINDOW_COLUMNS, rows));
          for (const [index, rows] of files.entries()) {
            expect(await encoded[index]).toEqual(await encodeParquet(WINDOW_COLUMNS, rows));
          }
        },
      ),
    );
    expect(thread.hasStarted()).toBe(true);
  } finally {
    await thread.close();
  }
});

test("a row that does not match its columns is the same error in the thread as here", async () => {
  const thread = startParquetThread(ROOT);
  try {
    const bad = [{ asset: "bitcoin", price_usd: NaN, event_time: 0 }];
    const [there, here] = await Promise.allSettled([
      thread.encode(PRICE_COLUMNS, bad),
      encodeParquet(PRICE_COLUMNS, bad),
    ]);
    expect(there).toEqual(here);
    expect(there.status).toBe("rejected");
    const unknown = { price_usd: { type: "decimal" as never } };
    await expect(thread.encode(unknown, [{ price_usd: 1 }])).rejects.toThrow(
      "cannot write Parquet with columns price_usd",
    );
    const good = [{ asset: "bitcoin", price_usd: 1, event_time: 0 }];
    expect(await thread.encode(PRICE_COLUMNS, good)).toEqual(
      await encodeParquet(PRICE_COLUMNS, good),
    );
  } finally {
    await thread.close();
  }
});

test("what waits for a thread that stops is an error, and so is what comes later", async () => {
  const thread = startParquetThread(ROOT);
  const waiting = thread.encode(PRICE_COLUMNS, []);
  await Promise.all([expect(waiting).rejects.toThrow("has stopped: exit code"), thread.close()]);
  await expect(thread.encode(PRICE_COLUMNS, [])).rejects.toThrow("has stopped");
});

test("a run of many files has all of them, encoded here or in the thread", async () => {
  const { encode, close } = openParquetEncoder(ROOT);
  try {
    for (let file = 0; file < 200; file++) {
      const rows = [{ asset: `asset-${file}`, price_usd: file, event_time: file }];
      expect(await encode(PRICE_COLUMNS, rows)).toEqual(await encodeParquet(PRICE_COLUMNS, rows));
    }
  } finally {
    await close();
  }
});
