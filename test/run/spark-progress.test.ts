import { expect, test } from "vitest";
import { followProgress } from "../../labs/run/spark-progress.js";
import { memoryStore } from "../support/memory-store.js";
import { TOPIC, scriptedQuery } from "../support/spark-query.js";

const silent = () => {};

test("a run of any number of batches asks for one report at a time and keeps one small file", async () => {
  const store = memoryStore();
  const query = scriptedQuery();
  const progress = await followProgress(store, TOPIC, silent);
  for (let batch = 0; batch < 2_000; batch++) {
    query.end(batch);
    await progress.take(query);
  }
  expect(query.longAnswers).toBe(0);
  expect(progress.batchesNow).toBe(2_000);
  expect(progress.figures).toEqual({
    nextBatch: 2_000,
    rows: 20_000,
    droppedRows: 2_000,
    openWindows: 1_999,
    newestEventMs: 1_000_000,
    watermarkMs: 1_999_000,
    batchMs: 1_999,
    endOffsets: [20_000],
  });
  expect([...store.files.keys()]).toEqual(["checkpoint/progress.json"]);
  expect(store.files.get("checkpoint/progress.json")!.length).toBeLessThan(500);
});

test("nothing new is not written, and a trigger without data is no batch", async () => {
  const store = memoryStore();
  const query = scriptedQuery();
  const progress = await followProgress(store, TOPIC, silent);
  await progress.take(query);
  expect(store.files.size).toBe(0);
  query.end(0);
  await progress.take(query);
  const written = store.written("");
  query.end(1, false);
  await progress.take(query);
  await progress.take(query);
  expect(store.written("")).toBe(written);
  expect(progress.figures).toMatchObject({ nextBatch: 1, rows: 10 });
});

test("all batches between two looks are counted, once each", async () => {
  const query = scriptedQuery();
  const progress = await followProgress(memoryStore(), TOPIC, silent);
  for (const [until, longAnswers] of [
    [1, 0],
    [8, 1],
    [8, 1],
    [9, 1],
    [12, 2],
  ] as const) {
    for (let batch = progress.figures.nextBatch; batch < until; batch++) query.end(batch);
    if (until === 8) query.end(8, false); // hides the batches before it
    await progress.take(query);
    expect(progress.figures).toMatchObject({ nextBatch: until, droppedRows: until });
    expect(query.longAnswers).toBe(longAnswers);
  }
});

test("batches that Spark no longer reports are named, and the others are counted", async () => {
  const notices: string[] = [];
  const query = scriptedQuery(3);
  const progress = await followProgress(memoryStore(), TOPIC, (notice) => notices.push(notice));
  for (let batch = 0; batch < 10; batch++) query.end(batch);
  await progress.take(query);
  expect(notices).toEqual([
    expect.stringMatching(/^Spark no longer reports the progress of batches 0 to 6: .*not counted/),
  ]);
  expect(progress.figures).toMatchObject({ nextBatch: 10, droppedRows: 3 });
  // The query has committed one more batch than it has reported.
  await progress.finish(10);
  expect(notices[1]).toMatch(/the progress of batch 10: /);
  expect(progress.figures.nextBatch).toBe(11);
});

test("after kill -9 at any write the sums go on, and only a batch whose report was lost is missing", async () => {
  const store = memoryStore();
  for (let batch = 0; batch < 20; batch++) {
    const isKilled = batch % 5 === 4;
    const notices: string[] = [];
    const query = scriptedQuery();
    const progress = await followProgress(store, TOPIC, (notice) => notices.push(notice));
    query.end(batch);
    if (isKilled) store.crashAt(1, batch === 9);
    await progress.take(query).catch(() => {});
    store.crashAt(Infinity, false);
    const wasLost = batch === 5 || batch === 15;
    expect(notices, `${batch}`).toHaveLength(wasLost ? 1 : 0);
  }
  const { figures } = await followProgress(store, TOPIC, silent);
  // The writes of batches 4, 14 and 19 were lost; that of batch 9 had taken effect.
  expect(figures).toMatchObject({ nextBatch: 19, droppedRows: 17 });
});

test("a damaged file is refused by its name", async () => {
  const store = memoryStore();
  await store.write("checkpoint/progress.json", "{half");
  await expect(followProgress(store, TOPIC, silent)).rejects.toThrow(
    /checkpoint\/progress\.json is damaged.*found \{half;.*--fresh/,
  );
});
