import fc from "fast-check";
import { expect, test } from "vitest";
import { parseAlertRules, type AlertRule } from "../../labs/alert/rules.js";
import { priceMessage } from "../../labs/event.js";
import { memoryLog } from "../../labs/log/memory.js";
import { partitionOf } from "../../labs/log/partition.js";
import type { AlertRow, BatchOutput } from "../../labs/store/products.js";
import { openPriceQuery } from "../../labs/run/price-query.js";
import { formatTime } from "../../labs/shared/time.js";
import { memoryCheckpoint } from "../support/memory-checkpoint.js";
import { memoryStore } from "../support/memory-store.js";

interface Arrival {
  asset: string;
  priceUsd: number;
  eventTimeMs: number;
  arrivalMs: number;
}

const ASSETS = ["bitcoin", "ethereum", "solana"];

/** Prices around 100 that often stand at, or tremble around, the levels of the rules; some events late. */
const tape = fc
  .array(
    fc.record({
      asset: fc.constantFrom(...ASSETS),
      priceUsd: fc.oneof(
        fc.constantFrom(99, 99.9, 100, 101, 102),
        fc.double({ min: 95, max: 105, noNaN: true }),
      ),
      gapMs: fc.oneof(
        fc.integer({ min: 0, max: 300 }),
        fc.constantFrom(1_000, 2_999, 3_000, 9_000),
      ),
      lateMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 4_000 })),
    }),
    { minLength: 1, maxLength: 120 },
  )
  .map((steps) => {
    let arrivalMs = 1_000_000;
    return steps.map(({ asset, priceUsd, gapMs, lateMs }): Arrival => {
      arrivalMs += gapMs;
      return { asset, priceUsd, eventTimeMs: arrivalMs - lateMs, arrivalMs };
    });
  });

const rules = (...given: object[]): AlertRule[] =>
  parseAlertRules(JSON.stringify({ rules: given }), "test").rules;
const RULES = rules(
  { name: "dear", kind: "level", above_usd: 101, rearm_usd: 100 },
  { name: "cheap", kind: "level", below_usd: 99, rearm_usd: 99.9, assets: ["bitcoin", "solana"] },
  { name: "silent", kind: "silence", after: "3s" },
  { name: "moves", kind: "change", percent: 2, rearm_percent: 1 },
  { name: "odd", kind: "anomaly", every: "500ms", window: 8, threshold: 3 },
);

interface Chosen {
  batchSize: number;
  partitions: number;
  /** Batches whose sink write fails, before or after it took effect. */
  crashes?: { batchId: number; after: boolean }[];
}

/** Runs the engine itself until all is read. @returns the batches' output */
async function run(
  arrivals: Arrival[],
  given: AlertRule[],
  chosen: Chosen,
): Promise<BatchOutput[]> {
  const store = memoryStore();
  const log = memoryLog(chosen.partitions);
  await log.append(
    arrivals.map(({ asset, priceUsd, eventTimeMs, arrivalMs }) =>
      priceMessage(asset, priceUsd, formatTime(eventTimeMs), arrivalMs),
    ),
  );
  const outputs = new Map<number, BatchOutput>();
  const crashes = [...(chosen.crashes ?? [])];
  const sink = (output: BatchOutput): Promise<void> => {
    const index = crashes.findIndex(({ batchId }) => batchId === output.batchId);
    const crash = index < 0 ? undefined : crashes.splice(index, 1)[0];
    if (crash?.after !== false) outputs.set(output.batchId, output);
    return crash === undefined ? Promise.resolve() : Promise.reject(new Error("crash"));
  };
  for (;;) {
    try {
      const checkpoint = await memoryCheckpoint(store);
      const query = await openPriceQuery(log, checkpoint, sink, {
        windows: { windowMs: 2_000, slideMs: 1_000 },
        delayMs: 1_000,
        changeThreshold: 1,
        batchSize: chosen.batchSize,
        alertRules: given,
      });
      const ends = await log.endOffsets();
      while (ends.some((end, partition) => end > query.offsets[partition]!)) await query.runBatch();
      await query.runBatchWithoutData();
      expect(query.totals.alerts).toBe([...outputs.values()].flatMap((each) => each.alerts).length);
      return [...outputs.values()];
    } catch (error) {
      if (!(error instanceof Error && error.message === "crash")) throw error;
    }
  }
}

const alertsOf = (outputs: BatchOutput[]) => outputs.flatMap(({ alerts }) => alerts);
const ids = (alerts: AlertRow[]) => alerts.map(({ id }) => id).sort();

/** What levels and silences raise, in the plainest way: each asset by itself, all of its events at hand. */
function reference(arrivals: Arrival[], partitions: number): string[] {
  const found: string[] = [];
  for (const asset of ASSETS) {
    const own = arrivals.filter((each) => each.asset === asset);
    if (own.length === 0) continue;
    const inOrder = own.filter((each, index) =>
      own.slice(0, index).every((before) => before.eventTimeMs <= each.eventTimeMs),
    );
    const episodes = (
      name: string,
      begins: (p: number) => boolean,
      ends: (p: number) => boolean,
    ) => {
      let inside = false;
      let count = 0;
      for (const { priceUsd, eventTimeMs } of inOrder) {
        if (!inside && begins(priceUsd)) {
          inside = true;
          found.push(`${name}/${asset}/${formatTime(eventTimeMs)}/${++count}`);
        } else if (inside && ends(priceUsd)) inside = false;
      }
    };
    episodes(
      "dear",
      (price) => price >= 101,
      (price) => price < 100,
    );
    if (asset !== "ethereum") {
      episodes(
        "cheap",
        (price) => price <= 99,
        (price) => price > 99.9,
      );
    }
    const beside = arrivals.filter(
      (each) => partitionOf(each.asset, partitions) === partitionOf(asset, partitions),
    );
    const lastArrivalMs = Math.max(...beside.map(({ arrivalMs }) => arrivalMs));
    const arrivalsMs = [...own.map(({ arrivalMs }) => arrivalMs), lastArrivalMs];
    let count = 0;
    for (const [index, timeMs] of arrivalsMs.slice(1).entries()) {
      if (timeMs - arrivalsMs[index]! < 3_000) continue;
      found.push(`silent/${asset}/${formatTime(arrivalsMs[index]! + 3_000)}/${++count}`);
    }
  }
  return found.sort();
}

const chosen = fc.record({
  batchSize: fc.integer({ min: 1, max: 60 }),
  partitions: fc.integer({ min: 1, max: 3 }),
});

test("levels and silences raise what the plain reference says, whatever the batches", async () => {
  await fc.assert(
    fc.asyncProperty(tape, chosen, async (arrivals, settings) => {
      const alerts = alertsOf(await run(arrivals, RULES.slice(0, 3), settings));
      expect(ids(alerts)).toEqual(reference(arrivals, settings.partitions));
    }),
    { numRuns: 200 },
  );
});

test("no id is given twice, and what follows the order of events does not depend on the batches", async () => {
  await fc.assert(
    fc.asyncProperty(tape, chosen, async (arrivals, settings) => {
      const alerts = alertsOf(await run(arrivals, RULES, settings));
      expect(new Set(ids(alerts)).size).toBe(alerts.length);
      const whole = alertsOf(await run(arrivals, RULES, { ...settings, batchSize: 1_000 }));
      const byEvents = (rows: AlertRow[]) =>
        rows.filter(({ kind }) => kind !== "change").sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(byEvents(alerts)).toEqual(byEvents(whole));
    }),
    { numRuns: 100 },
  );
});

test("a change rule begins an episode with a window, and ends it with one below its second level", async () => {
  await fc.assert(
    fc.asyncProperty(tape, chosen, async (arrivals, settings) => {
      const outputs = await run(arrivals, RULES.slice(3, 4), settings);
      const expected: string[] = [];
      for (const asset of ASSETS) {
        const inside = { up: false, down: false };
        let count = 0;
        for (const row of outputs.flatMap(({ windows }) => windows)) {
          if (row.asset !== asset) continue;
          for (const side of ["up", "down"] as const) {
            const change = side === "up" ? row.pct_change : -row.pct_change;
            if (!inside[side] && change >= 2) {
              inside[side] = true;
              expected.push(`moves/${asset}/${formatTime(row.window_end)}/${++count}`);
            } else if (change < 1) inside[side] = false;
          }
        }
      }
      expect(ids(alertsOf(outputs))).toEqual(expected.sort());
    }),
    { numRuns: 100 },
  );
});

test("a crash before or after any sink write raises every alert in the same batch, with the same id", async () => {
  const crashes = fc.array(fc.record({ batchId: fc.nat(20), after: fc.boolean() }), {
    maxLength: 5,
  });
  await fc.assert(
    fc.asyncProperty(tape, chosen, crashes, async (arrivals, settings, crashing) => {
      const quiet = await run(arrivals, RULES, settings);
      expect(await run(arrivals, RULES, { ...settings, crashes: crashing })).toEqual(quiet);
    }),
    { numRuns: 60 },
  );
});

test("where the clock counts, a silence is raised although nothing comes; and the same after a crash", async () => {
  const store = memoryStore();
  const log = memoryLog(1);
  await log.append([priceMessage("bitcoin", 1, formatTime(0), 100_000)]);
  let nowMs = 100_500;
  let isCrashing = true;
  const outputs: BatchOutput[] = [];
  const sink = (output: BatchOutput) => {
    outputs.push(output);
    return output.alerts.length > 0 && isCrashing
      ? Promise.reject(new Error("crash"))
      : Promise.resolve();
  };
  const open = async () =>
    openPriceQuery(log, await memoryCheckpoint(store), sink, {
      windows: { windowMs: 2_000, slideMs: 1_000 },
      delayMs: 1_000,
      changeThreshold: 1,
      batchSize: 10,
      alertRules: rules({ name: "silent", kind: "silence", after: "3s" }),
      clock: () => nowMs,
    });
  const query = await open();
  await query.runBatch();
  await query.runBatchWithoutData(); // the watermark has moved
  nowMs = 102_999;
  expect(await query.runBatchWithoutData()).toBeUndefined();
  nowMs = 103_000;
  await expect(query.runBatchWithoutData()).rejects.toThrow("crash");
  isCrashing = false;
  nowMs = 900_000; // the batch is run again as it was planned
  const again = await open();
  const [first, second] = outputs.slice(-2);
  expect(second).toEqual(first);
  expect(first!.alerts.map(({ id }) => id)).toEqual([`silent/bitcoin/${formatTime(103_000)}/1`]);
  expect(await again.runBatchWithoutData()).toBeUndefined(); // the episode goes on
});
