import fc from "fast-check";
import { expect, test } from "vitest";
import { priceMessage, type Message } from "../../labs/event.js";
import type { BatchOutput, WindowRow } from "../../labs/store/products.js";
import { openPriceQuery, type PriceQuerySettings } from "../../labs/run/price-query.js";
import type { Query } from "../../labs/stream/query.js";
import type { Panes } from "../../labs/stream/panes.js";
import { formatTime } from "../../labs/shared/time.js";
import { memoryLog } from "../../labs/log/memory.js";
import { reference, type ReferenceEvent } from "./reference.js";
import { memoryCheckpoint } from "../support/memory-checkpoint.js";
import { memoryStore } from "../support/memory-store.js";

const ASSETS = ["bitcoin", "ethereum", "solana", "ripple"];

/** A tape in order of arrival: disorder, ties and duplicates come with times drawn from a short range. */
const tape = fc.array(
  fc.record({
    asset: fc.constantFrom(...ASSETS),
    priceUsd: fc.oneof(
      fc.integer({ min: 1, max: 5 }),
      fc.double({ min: 1e-6, max: 1e11, noNaN: true }),
      fc.double({ min: 68_000, max: 68_001, noNaN: true }),
    ),
    eventTimeMs: fc.oneof(
      fc.integer({ min: 0, max: 260 }), // from the epoch on: what is before 1970 is rejected
      fc.integer({ min: 0, max: 2_000 }),
      fc.constantFrom(0, 10, 100),
    ),
  }),
  { minLength: 1, maxLength: 80 },
);

const settings = fc
  .record({
    windowMs: fc.integer({ min: 1, max: 120 }),
    slideMs: fc.integer({ min: 1, max: 120 }),
    delayMs: fc.integer({ min: 0, max: 150 }),
    batchSize: fc.integer({ min: 1, max: 40 }),
    partitions: fc.integer({ min: 1, max: 4 }),
  })
  .filter(({ windowMs, slideMs }) => slideMs <= windowMs);

type Settings = typeof settings extends fc.Arbitrary<infer S> ? S : never;
type Tape = typeof tape extends fc.Arbitrary<infer T> ? T : never;

const querySettings = ({
  windowMs,
  slideMs,
  delayMs,
  batchSize,
}: Settings): PriceQuerySettings => ({
  windows: { windowMs, slideMs },
  delayMs,
  changeThreshold: 1,
  batchSize,
});

async function filledLog(events: Tape, partitions: number) {
  const log = memoryLog(partitions);
  const messages = events.map(({ asset, priceUsd, eventTimeMs }): Message =>
    priceMessage(asset, priceUsd, formatTime(eventTimeMs), eventTimeMs),
  );
  await log.append(messages);
  return log;
}

const waiting = async (query: Query, log: ReturnType<typeof memoryLog>) =>
  (await log.endOffsets()).some((end, partition) => end > query.offsets[partition]!);

function expectSameWindows(found: WindowRow[], expected: WindowRow[]): void {
  const exact = (row: WindowRow) => ({ ...row, avg_price: 0, stddev_price: 0 });
  expect(found.map(exact)).toEqual(expected.map(exact));
  for (const [index, row] of expected.entries()) {
    const { avg_price, stddev_price } = found[index]!;
    expect(Math.abs(avg_price - row.avg_price)).toBeLessThanOrEqual(1e-12 * row.avg_price);
    if (row.stddev_price === null) expect(stddev_price).toBeNull();
    else {
      // The deviation of prices near 68,000 carries the rounding of the prices themselves.
      const tolerance = 1e-9 * row.stddev_price + 1e-14 * row.max_price;
      expect(Math.abs(stddev_price! - row.stddev_price)).toBeLessThanOrEqual(tolerance);
    }
  }
}

test("any tape in any batches gives, batch for batch, the windows and drops of the naive reference", async () => {
  await fc.assert(
    fc.asyncProperty(tape, settings, async (events, chosen) => {
      const log = await filledLog(events, chosen.partitions);
      const outputs: BatchOutput[] = [];
      const checkpoint = await memoryCheckpoint();
      const sink = (output: BatchOutput) => Promise.resolve(void outputs.push(output));
      const query = await openPriceQuery(log, checkpoint, sink, querySettings(chosen));

      const batches: ReferenceEvent[][] = [];
      const dropped: number[] = [];
      const record = (progress: Awaited<ReturnType<Query["runBatch"]>>) => {
        const { startOffset, endOffset } = progress.source;
        batches.push(
          log.records.flatMap((partition, index) =>
            partition.slice(startOffset[index], endOffset[index]).map(({ value, offset }) => {
              const { asset, price_usd, event_time } = JSON.parse(String(value)) as {
                asset: string;
                price_usd: number;
                event_time: string;
              };
              const eventTimeMs = Date.parse(event_time);
              return { asset, priceUsd: price_usd, eventTimeMs, offset };
            }),
          ),
        );
        dropped.push(progress.counts.droppedRows!);
      };
      while (await waiting(query, log)) record(await query.runBatch());
      const last = await query.runBatchWithoutData();

      const { windowMs, slideMs, delayMs } = chosen;
      const expected = reference(batches, windowMs, slideMs, delayMs);
      expect(outputs).toHaveLength(expected.length);
      expect(dropped).toEqual(
        expected.slice(0, batches.length).map(({ droppedRows }) => droppedRows),
      );
      expect(last?.counts.droppedRows ?? 0).toBe(0);
      for (const [batchId, { windows }] of expected.entries()) {
        expectSameWindows(outputs[batchId]!.windows, windows);
        expect(outputs[batchId]!.changes).toEqual(
          outputs[batchId]!.windows.filter(({ pct_change }) => Math.abs(pct_change) >= 1),
        );
      }
      const total = (rows: { droppedRows: number }[]) =>
        rows.reduce((sum, { droppedRows }) => sum + droppedRows, 0);
      expect(query.totals.droppedRows).toBe(total(expected));
      expect(query.totals.events).toBe(events.length);

      const emitted = expected.reduce((sum, { windows }) => sum + windows.length, 0);
      expect(query.totals.windows).toBe(emitted);
    }),
    { numRuns: 300 },
  );
});

test("the latest price is that of the latest event time, and of the later offset among equals", async () => {
  await fc.assert(
    fc.asyncProperty(tape, settings, async (events, chosen) => {
      const log = await filledLog(events, chosen.partitions);
      let latest: BatchOutput["latest"] = [];
      const checkpoint = await memoryCheckpoint();
      const sink = (output: BatchOutput) => Promise.resolve(void (latest = output.latest));
      const query = await openPriceQuery(log, checkpoint, sink, querySettings(chosen));
      while (await waiting(query, log)) await query.runBatch();
      const expected = ASSETS.flatMap((asset) => {
        const own = events.filter((event) => event.asset === asset);
        const newest = Math.max(...own.map(({ eventTimeMs }) => eventTimeMs));
        const last = own.filter(({ eventTimeMs }) => eventTimeMs === newest).at(-1);
        return last === undefined ? [] : [{ asset, price_usd: last.priceUsd, event_time: newest }];
      });
      expect(latest).toEqual(expected.sort((a, b) => (a.asset < b.asset ? -1 : 1)));
    }),
  );
});

test("a query that crashes before or after any sink write gives the same output for every batch", async () => {
  const crashes = fc.array(fc.record({ batchId: fc.nat(30), after: fc.boolean() }), {
    maxLength: 6,
  });
  async function run(
    events: Tape,
    chosen: Settings,
    crashing: { batchId: number; after: boolean }[],
  ) {
    const store = memoryStore();
    const log = await filledLog(events, chosen.partitions);
    const outputs = new Map<number, BatchOutput>();
    const left = [...crashing];
    const sink = (output: BatchOutput): Promise<void> => {
      const index = left.findIndex(({ batchId }) => batchId === output.batchId);
      const crash = index < 0 ? undefined : left.splice(index, 1)[0];
      if (crash?.after !== false) outputs.set(output.batchId, output);
      return crash === undefined ? Promise.resolve() : Promise.reject(new Error("crash"));
    };
    for (;;) {
      try {
        const checkpoint = await memoryCheckpoint(store);
        const query = await openPriceQuery(log, checkpoint, sink, querySettings(chosen));
        while (await waiting(query, log)) await query.runBatch();
        await query.runBatchWithoutData();
        return { outputs: [...outputs.values()], totals: { ...query.totals } };
      } catch (error) {
        if (!(error instanceof Error && error.message === "crash")) throw error;
      }
    }
  }
  await fc.assert(
    fc.asyncProperty(tape, settings, crashes, async (events, chosen, crashing) => {
      expect(await run(events, chosen, crashing)).toEqual(await run(events, chosen, []));
    }),
    { numRuns: 60 },
  );
});

test("open windows and final ones together are all the windows that hold counted events", async () => {
  await fc.assert(
    fc.asyncProperty(tape, settings, async (events, chosen) => {
      // One batch: nothing is late, so every window of every event is open or emitted.
      const log = await filledLog(events, chosen.partitions);
      const checkpoint = await memoryCheckpoint();
      const query = await openPriceQuery(log, checkpoint, () => Promise.resolve(), {
        ...querySettings(chosen),
        batchSize: events.length,
      });
      await query.runBatch();
      await query.runBatchWithoutData();
      const { windowMs, slideMs } = chosen;
      const windows = new Set<string>();
      for (const { asset, eventTimeMs } of events) {
        for (let start = -400; start <= 2_000; start++) {
          const isStart = Math.abs(start % slideMs) === 0;
          if (isStart && start <= eventTimeMs && eventTimeMs < start + windowMs) {
            windows.add(`${start} ${asset}`);
          }
        }
      }
      expect(query.totals.windows + query.openWindows()).toBe(windows.size);
    }),
    { numRuns: 60 },
  );
});

test("state is bounded by open windows, not by events", async () => {
  const log = memoryLog(1);
  const checkpoint = await memoryCheckpoint();
  const query = await openPriceQuery(log, checkpoint, () => Promise.resolve(), {
    windows: { windowMs: 60_000, slideMs: 10_000 },
    delayMs: 30_000,
    changeThreshold: 1,
    batchSize: 1_000,
  });
  let most = 0;
  for (let batch = 0; batch < 50; batch++) {
    const events = Array.from({ length: 1_000 }, (_, index) => {
      const timeMs = (batch * 1_000 + index) * 100;
      return priceMessage("bitcoin", 1 + index, formatTime(timeMs), timeMs);
    });
    await log.append(events);
    await query.runBatch();
    most = Math.max(most, (query.state.assets.get("bitcoin")!.states[0] as Panes).panes.length);
  }
  // 90 s of windows and delay, and the 100 s of one batch, in panes of 10 s.
  expect(most).toBeLessThanOrEqual(30);
});

test("mean and deviation stay accurate where a sum of squares would cancel", async () => {
  const log = memoryLog(1);
  const prices = Array.from(
    { length: 1_000 },
    (_, index) => 1e9 + (index % 2 === 0 ? 1e-3 : -1e-3),
  );
  await log.append(
    prices.map((price, index) => priceMessage("bitcoin", price, formatTime(index), index)),
  );
  let row: WindowRow | undefined;
  const checkpoint = await memoryCheckpoint();
  const sink = ({ windows }: BatchOutput) => Promise.resolve(void (row ??= windows[0]));
  const query = await openPriceQuery(log, checkpoint, sink, {
    windows: { windowMs: 900, slideMs: 300 },
    delayMs: 0,
    changeThreshold: 1,
    batchSize: 1_000,
  });
  await query.runBatch();
  await query.runBatchWithoutData();
  expect(row!.stddev_price! / 1e-3).toBeCloseTo(Math.sqrt(row!.count / (row!.count - 1)), 3);
});

test("a first batch that is run again reads from where it was planned, or refuses when that is gone", async () => {
  const cut = (start: number) => ({ ...log, startOffsets: () => Promise.resolve([start]) });
  const log = await filledLog(
    [0, 10, 20, 30].map((eventTimeMs) => ({ asset: "bitcoin", priceUsd: 1, eventTimeMs })),
    1,
  );
  const store = memoryStore();
  const spec = { windowMs: 10, slideMs: 10, delayMs: 0, batchSize: 2, partitions: 1 };
  const settings = querySettings(spec);
  const open = async (start: number, sink: (output: BatchOutput) => Promise<void>) =>
    openPriceQuery(cut(start), await memoryCheckpoint(store), sink, settings);
  const crashed = await open(1, () => Promise.reject(new Error("crash")));
  await expect(crashed.runBatch()).rejects.toThrow("crash");

  await expect(open(2, async () => {})).rejects.toThrow(
    /partition 0 begins at offset 2, but the next offset to read is 1/,
  );
  const outputs: BatchOutput[] = [];
  const resumed = await open(1, async (output) => void outputs.push(output));
  expect(outputs.map(({ prices }) => prices.map(({ event_time }) => event_time))).toEqual([
    [10, 20],
  ]);
  expect(resumed.offsets).toEqual([3]);
});

test("after an error while a batch is read, the query runs no other batch", async () => {
  const log = memoryLog(2);
  await log.append(
    ["bitcoin", "solana", "ripple"].map((asset) => priceMessage(asset, 1, formatTime(0), 0)),
  );
  let failures = 0;
  const failing = {
    ...log,
    async *read(partition: number, from: number, to: number) {
      yield* log.read(partition, from, to);
      if (failures++ === 0) throw new Error("unreadable");
    },
  };
  const settings = {
    windows: { windowMs: 10, slideMs: 10 },
    delayMs: 0,
    changeThreshold: 1,
    batchSize: 9,
  };
  const query = await openPriceQuery(
    failing,
    await memoryCheckpoint(),
    () => Promise.resolve(),
    settings,
  );
  await expect(query.runBatch()).rejects.toThrow("unreadable");
  await expect(query.runBatch()).rejects.toThrow("unreadable");
  expect(query.totals.events).toBe(0);
});
