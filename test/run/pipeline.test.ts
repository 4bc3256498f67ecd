import { expect, test } from "vitest";
import { priceMessage, type Message } from "../../labs/event.js";
import { TOPIC } from "../../labs/log/log.js";
import { memoryLog } from "../../labs/log/memory.js";
import { runPipeline } from "../../labs/run/pipeline.js";
import type { Source } from "../../labs/source/source.js";
import { emptyOutput, readAll, writeBatch } from "../../labs/store/products.js";
import { openCheckpoint } from "../../labs/stream/checkpoint.js";
import { formatTime } from "../../labs/shared/time.js";
import { Crash, memoryStore, type MemoryStore } from "../support/memory-store.js";
import { nothing, sourceOf } from "../support/source.js";

const MANY = 2_500;
/** Each asset once, and then one of them again and again. */
const MESSAGES = Array.from({ length: MANY + 1_000 }, (_, index): Message => {
  const asset = `asset ${index < MANY ? index : 7}`;
  return priceMessage(asset, 1 + (index % 9), formatTime(index), index);
});

const OPTIONS = {
  windows: { windowMs: 60_000, slideMs: 60_000 },
  delayMs: 0,
  changeThreshold: 1,
  batchSize: 100,
  triggerMs: 10,
};

async function run(
  store: MemoryStore,
  log: ReturnType<typeof memoryLog>,
  source: Source,
  signal = new AbortController().signal,
) {
  const checkpoint = await openCheckpoint(store, TOPIC, {});
  return runPipeline({ source, log, checkpoint, store }, OPTIONS, signal);
}

const LATEST = "latest/latest.parquet";

test("latest/ with many assets is written seldom, and is complete when a run ends, after kills too", async () => {
  const quiet = memoryStore();
  const status = await run(quiet, memoryLog(2), sourceOf(MESSAGES));
  expect(status.latest).toHaveLength(MANY);
  expect(await readAll(quiet, "latest")).toEqual(status.latest);
  expect(status.latest.find(({ asset }) => asset === "asset 7")!.event_time).toBe(MANY + 999);
  // 35 batches: the first ten have 1,000 assets; then half of all must have changed.
  const whole = quiet.files.get(LATEST)!.length;
  expect(quiet.written(LATEST)).toBeLessThan(10 * whole);

  const store = memoryStore();
  const log = memoryLog(2);
  for (let operation = 3; ; operation += 41) {
    store.crashAt(operation, operation % 2 === 0);
    try {
      await run(store, log, sourceOf(MESSAGES));
      break;
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }
  const products = ({ files }: MemoryStore) =>
    [...files]
      .filter(([path]) => !path.startsWith("checkpoint/"))
      .sort(([a], [b]) => (a < b ? -1 : 1));
  expect(products(store)).toEqual(products(quiet));
});

test("a live source that begins again after a crash finds all latest prices in latest/, and what waited in the log too", async () => {
  const store = memoryStore();
  const log = memoryLog(2);
  // Dies in a batch that leaves latest/ as it was: 100 of 2,500 assets change.
  await run(store, log, sourceOf(MESSAGES.slice(0, MANY)));
  const others = MESSAGES.slice(0, 100).map(({ key }, index) =>
    priceMessage(key!, 100, formatTime(MANY + index), MANY + index),
  );
  await log.append(others);
  store.crashAt(3, true); // the plan, the prices and the state
  await expect(run(store, log, nothing)).rejects.toBeInstanceOf(Crash);
  store.crashAt(Infinity, false);
  await log.append([priceMessage("asset 2000", 200, formatTime(MANY + 200), MANY + 200)]);

  const stop = new AbortController();
  let found: Awaited<ReturnType<typeof readAll<"latest">>> = [];
  const live: Source = {
    ...nothing,
    finite: false,
    async *messages() {
      found = await readAll(store, "latest"); // as coingecko does, so as not to store again what it knows
      stop.abort();
      yield* [];
    },
  };
  const { latest } = await run(store, log, live, stop.signal);
  expect(found).toEqual(latest);
  expect(latest.filter(({ price_usd }) => price_usd === 100)).toHaveLength(100);
  expect(latest.filter(({ price_usd }) => price_usd === 200)).toHaveLength(1);
});

test("a batch that cannot be written ends the run while the source is silent", async () => {
  const store = memoryStore();
  let endedBySignal = false;
  const source: Source = {
    ...sourceOf([]),
    async *messages(signal) {
      yield MESSAGES.slice(0, OPTIONS.batchSize);
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      endedBySignal = true;
    },
  };
  const checkpoint = await openCheckpoint(store, TOPIC, {});
  const fails = { ...store, write: (path: string) => Promise.reject(new Error(`full: ${path}`)) };
  const parts = { source, log: memoryLog(2), checkpoint, store: fails };
  await expect(runPipeline(parts, OPTIONS, new AbortController().signal)).rejects.toThrow("full");
  expect(endedBySignal).toBe(true);
});

test("the error of one product is thrown only when no other product is being written", async () => {
  const store = memoryStore();
  let slowEnded = false;
  const slow = {
    ...store,
    async write(path: string) {
      if (path.startsWith("prices")) throw new Error("full");
      await new Promise((resolve) => setTimeout(resolve, 50));
      slowEnded = true;
    },
  };
  const output = { ...emptyOutput(0), prices: [{ asset: "a", price_usd: 1, event_time: 0 }] };
  await expect(writeBatch(slow, output)).rejects.toThrow("full");
  expect(slowEnded).toBe(true);
});
