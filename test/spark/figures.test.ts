import { expect, test } from "vitest";
import { readFigures } from "../../labs/run/spark-pipeline.js";
import { memoryStore } from "../support/memory-store.js";

const figures = (batchId: number) =>
  JSON.stringify({
    ...{ batchId, droppedRows: 0, openWindows: 1, watermark: null },
    endOffsets: [batchId],
  });

test("batches whose progress nobody saw are no hindrance, and batch 10 comes after batch 2", async () => {
  const store = memoryStore();
  for (const batchId of [10, 0, 2]) {
    await store.write(`checkpoint/progress/${batchId}.json`, figures(batchId));
  }
  expect((await readFigures(store)).map(({ batchId }) => batchId)).toEqual([0, 2, 10]);
  await store.write("checkpoint/progress/3.json", "{half");
  await expect(readFigures(store)).rejects.toThrow(/progress\/3\.json is damaged.*--fresh/);
});
