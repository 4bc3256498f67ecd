import { crc32 } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseAlertRules } from "../../labs/alert/rules.js";
import { priceMessage } from "../../labs/event.js";
import { TOPIC } from "../../labs/log/log.js";
import { memoryLog } from "../../labs/log/memory.js";
import type { BatchOutput } from "../../labs/store/products.js";
import { savedState } from "../../labs/stream/state-changes.js";
import { openCheckpoint } from "../../labs/stream/checkpoint.js";
import {
  openPriceQuery,
  priceOperators,
  type PriceQuerySettings,
} from "../../labs/run/price-query.js";
import { openState, type SavedAsset } from "../../labs/stream/state.js";
import { formatTime } from "../../labs/shared/time.js";
import { Crash, memoryStore, type MemoryStore } from "../support/memory-store.js";
import { reference, type ReferenceEvent } from "./reference.js";

// What a batch costs follows what it changes, and a crash between any two writes loses nothing.

interface Tick {
  asset: string;
  priceUsd: number;
  eventTimeMs: number;
}

const RULES = parseAlertRules(
  JSON.stringify({
    rules: [
      { name: "dear", kind: "level", above_usd: 3 },
      { name: "silent", kind: "silence", after: "200ms" },
      { name: "moves", kind: "change", percent: 50 },
      { name: "odd", kind: "anomaly", every: "20ms", window: 4, threshold: 2 },
    ],
  }),
  "test",
).rules;

/** Few assets that change often among many that change once; mostly in order, some late. */
const tape = fc
  .array(
    fc.record({
      asset: fc.oneof(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 3, max: 400 })),
      priceUsd: fc.integer({ min: 1, max: 5 }),
      stepMs: fc.oneof(fc.integer({ min: 0, max: 10 }), fc.constantFrom(100, 500)),
      lateMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 200 })),
    }),
    { minLength: 1, maxLength: 200 },
  )
  .map((steps) => {
    let timeMs = 1_000;
    return steps.map(({ asset, priceUsd, stepMs, lateMs }): Tick & { arrivalMs: number } => {
      timeMs += stepMs;
      return {
        asset: `asset ${asset}`,
        priceUsd,
        eventTimeMs: timeMs - lateMs,
        arrivalMs: timeMs,
      };
    });
  });

const chosen = fc
  .record({
    windowMs: fc.integer({ min: 1, max: 120 }),
    slideMs: fc.integer({ min: 1, max: 120 }),
    delayMs: fc.integer({ min: 0, max: 150 }),
    batchSize: fc.integer({ min: 1, max: 12 }),
    partitions: fc.integer({ min: 1, max: 3 }),
  })
  .filter(({ windowMs, slideMs }) => slideMs <= windowMs);
type Chosen = typeof chosen extends fc.Arbitrary<infer C> ? C : never;

async function filledLog(ticks: readonly (Tick & { arrivalMs?: number })[], partitions: number) {
  const log = memoryLog(partitions);
  await log.append(
    ticks.map(({ asset, priceUsd, eventTimeMs, arrivalMs = eventTimeMs }) =>
      priceMessage(asset, priceUsd, formatTime(eventTimeMs), arrivalMs),
    ),
  );
  return log;
}

const settings = ({ windowMs, slideMs, delayMs, batchSize }: Chosen): PriceQuerySettings => ({
  windows: { windowMs, slideMs },
  delayMs,
  changeThreshold: 1,
  batchSize,
});

/** Assets as JSON, by name. */
const byName = (assets: Iterable<[string, SavedAsset]>) =>
  [...assets].map((asset) => JSON.stringify(asset)).sort();

/**
 * Runs the engine to the end, opened anew after every crash and after every batch in `restarts`.
 *
 * @param crashes for each run how many writes and removals it lives
 * @returns by batch what was put out, and which events it read
 */
async function run(
  log: ReturnType<typeof memoryLog>,
  query: PriceQuerySettings,
  store: MemoryStore,
  crashes: readonly { operation: number; after: boolean }[] = [],
  restarts: ReadonlySet<number> = new Set(),
) {
  const outputs = new Map<number, BatchOutput>();
  const batches: ReferenceEvent[][] = [];
  const sink = async (output: BatchOutput) => {
    await store.write(`out/${output.batchId}`, ""); // a crash may come before or after it
    outputs.set(output.batchId, output);
  };
  for (let round = 0; ; round++) {
    const crash = crashes[round];
    store.crashAt(crash?.operation ?? Infinity, crash?.after ?? false);
    try {
      const checkpoint = await openCheckpoint(store, TOPIC, {});
      const engine = await openPriceQuery(log, checkpoint, sink, query);
      for (;;) {
        const from = engine.offsets;
        const ends = await log.endOffsets();
        const isRead = ends.every((end, partition) => end === from[partition]);
        const progress = isRead ? await engine.runBatchWithoutData() : await engine.runBatch();
        if (progress === undefined) return { outputs, batches, engine, rounds: round + 1 };
        batches[progress.batchId] = log.records.flatMap((records, partition) =>
          records.slice(from[partition], engine.offsets[partition]).map(({ value, offset }) => {
            const event = JSON.parse(String(value)) as {
              asset: string;
              price_usd: number;
              event_time: string;
            };
            const eventTimeMs = Date.parse(event.event_time);
            return { asset: event.asset, priceUsd: event.price_usd, eventTimeMs, offset };
          }),
        );
        const { operators } = priceOperators(query);
        const reopened = await openCheckpoint(store, TOPIC, {});
        const { assets, plan } = (await reopened.lastCommitted(operators))!;
        const restored = openState(operators, assets, plan.watermarkMs);
        expect(byName(savedState(restored))).toEqual(byName(savedState(engine.state)));
        if (restarts.has(progress.batchId)) break;
      }
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }
}

/** For each run of a query, at which of its writes and removals it is killed. */
const crashes = fc.array(
  fc.record({ operation: fc.integer({ min: 1, max: 60 }), after: fc.boolean() }),
  { maxLength: 8 },
);

test("killed between any two writes or removals, every batch puts out the same, to the last digit", async () => {
  await fc.assert(
    fc.asyncProperty(tape, chosen, crashes, async (ticks, given, crashing) => {
      const log = await filledLog(ticks, given.partitions);
      const query = { ...settings(given), alertRules: RULES };
      const quiet = await run(log, query, memoryStore());
      const store = memoryStore();
      const killed = await run(log, query, store, crashing);
      expect([...killed.outputs]).toEqual([...quiet.outputs]);
      expect(killed.engine.totals).toEqual(quiet.engine.totals);
      expect(killed.engine.openWindows()).toBe(quiet.engine.openWindows());
    }),
    { numRuns: 100 },
  );
});

const TICKS = Array.from({ length: 64 }, (_, index) => ({
  asset: `asset ${index % 3 === 0 ? index : index % 2}`,
  priceUsd: 1 + ((index * 7) % 5),
  eventTimeMs: 1_000 + index * 5 - (index % 11 === 0 ? 60 : 0),
}));
const GIVEN = { windowMs: 60, slideMs: 20, delayMs: 30, batchSize: 8, partitions: 2 };

test("killed at each of its writes and removals in turn, a run always continues to the same result", async () => {
  const log = await filledLog(TICKS, 2);
  const query = { ...settings(GIVEN), alertRules: RULES };
  const quiet = await run(log, query, memoryStore());
  const expected = JSON.stringify([...quiet.outputs]);
  let operations = 0;
  for (let isKilled = true; isKilled;) {
    operations++;
    for (const after of [false, true]) {
      const store = memoryStore();
      const killed = await run(log, query, store, [{ operation: operations, after }]);
      expect(JSON.stringify([...killed.outputs]), `${operations} ${after}`).toBe(expected);
      isKilled = killed.rounds > 1;
    }
  }
  expect(operations).toBeGreaterThan(30);
});

test("killed anywhere while a batch is planned and the one before it is written, every batch puts out the same", async () => {
  async function overlapping(
    log: ReturnType<typeof memoryLog>,
    query: PriceQuerySettings,
    store: MemoryStore,
    crashes: readonly { operation: number; after: boolean }[] = [],
  ) {
    const outputs = new Map<number, BatchOutput>();
    let plannedAhead = 0;
    for (let round = 0; ; round++) {
      const crash = crashes[round];
      store.crashAt(crash?.operation ?? Infinity, crash?.after ?? false);
      try {
        const checkpoint = await openCheckpoint(store, TOPIC, {});
        const last = (await checkpoint.lastPlan())?.batchId ?? -1;
        if (last > ((await checkpoint.unfinished())?.batchId ?? Infinity)) plannedAhead++;
        const sink = async (output: BatchOutput) => {
          await store.write(`out/${output.batchId}`, "");
          outputs.set(output.batchId, output);
        };
        const engine = await openPriceQuery(log, checkpoint, sink, query);
        let batch;
        for (let next; (next = await engine.startBatch()) !== undefined;) batch = next;
        await batch?.committed;
        while ((await engine.runBatchWithoutData()) !== undefined);
        const rows = [...outputs].sort(([a], [b]) => a - b);
        return { rows, totals: { ...engine.totals }, plannedAhead };
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
    }
  }
  await fc.assert(
    fc.asyncProperty(tape, chosen, crashes, async (ticks, given, crashing) => {
      const log = await filledLog(ticks, given.partitions);
      const query = { ...settings(given), alertRules: RULES };
      const quiet = await overlapping(log, query, memoryStore());
      const killed = await overlapping(log, query, memoryStore(), crashing);
      expect(killed.rows).toEqual(quiet.rows);
      expect(killed.totals).toEqual(quiet.totals);
    }),
    { numRuns: 100 },
  );

  const log = await filledLog(TICKS, 2);
  const query = { ...settings(GIVEN), alertRules: RULES };
  const quiet = await overlapping(log, query, memoryStore());
  let plannedAhead = 0;
  for (let operation = 1; operation <= 60; operation++) {
    const killed = await overlapping(log, query, memoryStore(), [{ operation, after: true }]);
    expect(killed.rows, `${operation}`).toEqual(quiet.rows);
    plannedAhead += killed.plannedAhead;
  }
  expect(plannedAhead, "runs that found a plan ahead of the unfinished batch").toBeGreaterThan(3);
});

test("stopped after any batches and continued, windows and drops are those of the naive reference", async () => {
  const restarts = fc.uniqueArray(fc.nat(40), { maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(tape, chosen, restarts, async (ticks, given, stopping) => {
      const log = await filledLog(ticks, given.partitions);
      const stops = new Set(stopping);
      const { outputs, batches, engine } = await run(
        log,
        settings(given),
        memoryStore(),
        [],
        stops,
      );
      const isEmpty = batches.at(-1)!.length === 0;
      const { windowMs, slideMs, delayMs } = given;
      const read = isEmpty ? batches.slice(0, -1) : batches;
      const expected = reference(read, windowMs, slideMs, delayMs);
      expect(outputs.size).toBe(expected.length);
      for (const [batchId, { windows }] of expected.entries()) {
        const exact = (row: (typeof windows)[number]) => ({
          ...row,
          avg_price: 0,
          stddev_price: 0,
        });
        const found = outputs.get(batchId)!.windows;
        expect(found.map(exact)).toEqual(windows.map(exact));
        for (const [index, { avg_price, stddev_price }] of windows.entries()) {
          expect(found[index]!.avg_price).toBeCloseTo(avg_price, 9);
          expect(found[index]!.stddev_price ?? -1).toBeCloseTo(stddev_price ?? -1, 9);
        }
      }
      const dropped = expected.reduce((sum, { droppedRows }) => sum + droppedRows, 0);
      expect(engine.totals.droppedRows).toBe(dropped);
    }),
    { numRuns: 100 },
  );
});

/** Bytes that batches write to state/, after a first batch with all assets. */
async function stateBytes(assets: number, panes: number, batches: number, changed: number) {
  const store = memoryStore();
  const log = memoryLog(1);
  const query: PriceQuerySettings = {
    windows: { windowMs: panes * 1_000, slideMs: 1_000 },
    delayMs: 0,
    changeThreshold: 1,
    batchSize: assets * panes,
  };
  const engine = await openPriceQuery(
    log,
    await openCheckpoint(store, TOPIC, {}),
    () => Promise.resolve(),
    query,
  );
  const append = (ticks: [asset: number, second: number][]) =>
    log.append(
      ticks.map(([asset, second]) =>
        priceMessage(`asset ${asset}`, 1, formatTime(second * 1_000), second * 1_000),
      ),
    );
  const all = Array.from({ length: assets * panes }, (_, index): [number, number] => [
    index % assets,
    Math.floor(index / assets),
  ]);
  await append(all);
  await engine.runBatch();
  const before = store.written("checkpoint/state/");
  let mostFiles = 0;
  let walks = 0;
  const { values } = engine.state.assets;
  engine.state.assets.values = function () {
    walks++;
    return values.call(this);
  };
  for (let batch = 0; batch < batches; batch++) {
    const ticks = Array.from({ length: changed }, (_, index): [number, number] => [
      (batch * changed + index) % assets,
      panes,
    ]);
    await append(ticks);
    await engine.runBatch();
    mostFiles = Math.max(mostFiles, (await store.list("checkpoint/state")).length);
  }
  const checkpoint = await openCheckpoint(store, TOPIC, {});
  const { assets: recovered } = (await checkpoint.lastCommitted())!;
  expect(recovered.size).toBe(assets);
  return { bytes: store.written("checkpoint/state/") - before, mostFiles, walks };
}

test("what batches write to the checkpoint follows what they change, not how many assets there are", async () => {
  const few = await stateBytes(500, 1, 100, 5);
  const many = await stateBytes(20_000, 1, 100, 5);
  // 500 changes: about 300 bytes each, each written a few times. The whole state is more than 4 MB, 100 times.
  expect(many.bytes).toBeLessThan(500 * 300 * 8);
  expect(many.bytes).toBeLessThan(few.bytes * 2);
  expect(many.mostFiles).toBeLessThan(20);
  expect(
    many.walks,
    "batches that visited all 20,000 assets to output a few: in endBatch an operator must not call all() in every batch, but find what is due with timers.ts, or what has changed",
  ).toBe(0);
});

test("what batches write to the checkpoint follows what they change, not how many panes an asset has", async () => {
  const few = await stateBytes(10, 60, 100, 2);
  const many = await stateBytes(10, 3_600, 100, 2);
  expect(many.bytes).toBeLessThan(200 * 600 * 8);
  expect(many.bytes).toBeLessThan(few.bytes * 3);
});

test("batches without changes leave few files", async () => {
  const { mostFiles, bytes } = await stateBytes(2_000, 1, 300, 0);
  expect(mostFiles).toBeLessThan(20);
  expect(bytes).toBeLessThan(300 * 400 * 4);
});

test("a checkpoint that has the whole state after every batch, as they once were, is continued", async () => {
  const ticks = Array.from({ length: 80 }, (_, index) => ({
    asset: `asset ${index % 7}`,
    priceUsd: 1 + ((index * 7) % 5),
    eventTimeMs: 1_000 + index * 5,
  }));
  const given = { windowMs: 60, slideMs: 20, delayMs: 30, batchSize: 8, partitions: 2 };
  const log = await filledLog(ticks, 2);
  const quiet = await run(log, settings(given), memoryStore());

  const store = memoryStore();
  const once = await openCheckpoint(store, TOPIC, {});
  const engine = await openPriceQuery(log, once, () => Promise.resolve(), settings(given));
  for (let batchId = 0; batchId < 5; batchId++) {
    await engine.runBatch();
    const progress = (await (await openCheckpoint(store, TOPIC, {})).lastCommitted())!;
    const head = {
      batchWatermarkMs: batchId === 0 ? null : engine.watermarkMs,
      maxEventTimeMs: engine.maxEventTimeMs,
      endOffsets: progress.plan.endOffsets,
      totals: progress.totals,
    };
    const lines = [
      "v1",
      ...[head, ...savedState(engine.state)].map((line) => JSON.stringify(line)),
    ];
    const text = `${lines.join("\n")}\n`;
    const whole = `${text}crc32 ${crc32(text).toString(16)}\n`;
    store.files.set(`checkpoint/state/${batchId}`, Buffer.from(whole));
  }
  const { outputs } = await run(log, settings(given), store);
  expect(outputs.size).toBe(quiet.outputs.size - 5);
  for (const [batchId, output] of outputs) expect(output).toEqual(quiet.outputs.get(batchId));
});

test("each file that the state is read from is checked, and a missing one is named", async () => {
  const store = memoryStore();
  const log = memoryLog(1);
  const query = settings({ windowMs: 50, slideMs: 50, delayMs: 0, batchSize: 100, partitions: 1 });
  const checkpoint = await openCheckpoint(store, TOPIC, {});
  const engine = await openPriceQuery(log, checkpoint, () => Promise.resolve(), query);
  for (const assets of [50, 8, 1]) {
    const ticks = Array.from({ length: assets }, (_, index) => `asset ${index}`);
    await log.append(ticks.map((asset) => priceMessage(asset, 1, formatTime(1), 1)));
    await engine.runBatch();
  }
  expect(await store.list("checkpoint/state")).toEqual(["0", "1", "2"]);
  const read = async () => (await openCheckpoint(store, TOPIC, {})).lastCommitted();
  expect((await read())!.assets.size).toBe(50);
  for (const name of ["0", "1", "2"]) {
    const path = `checkpoint/state/${name}`;
    const content = store.files.get(path)!;
    store.files.delete(path);
    await expect(read()).rejects.toThrow(`${path} is corrupt`);
    const damaged = Buffer.from(content);
    damaged[content.length >>> 1]! ^= 1;
    store.files.set(path, damaged);
    await expect(read()).rejects.toThrow(`${path} is corrupt`);
    store.files.set(path, content);
  }
  expect((await read())!.assets.size).toBe(50);
});
