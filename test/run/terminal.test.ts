import { expect, test } from "vitest";
import { memoryLog } from "../../labs/log/memory.js";
import { runPipeline } from "../../labs/run/pipeline.js";
import type { PipelineStatus } from "../../labs/view/status.js";
import { market } from "../../labs/source/market.js";
import { localStore } from "../../labs/store/local.js";
import { openCheckpoint } from "../../labs/stream/checkpoint.js";
import { processedShare, progressLine } from "../../labs/run/terminal.js";
import { temporaryFolder } from "../support/folder.js";

const EVENTS = 12_000;
const SETTINGS = {
  windows: { windowMs: 60_000, slideMs: 10_000 },
  delayMs: 30_000,
  changeThreshold: 0.5,
  batchSize: 1_000,
  triggerMs: 1_000,
};

test("the share that is processed counts what is in the log, not what has been read of the tape", async () => {
  const store = localStore(await temporaryFolder());
  const log = memoryLog(3);
  const statuses: { readTo: number; share: number; status: PipelineStatus }[] = [];
  const source = market({ seed: 1, events: EVENTS });
  const parts = { source, log, store, checkpoint: await openCheckpoint(store, log.topic, {}) };
  const stop = new AbortController();
  await runPipeline(parts, { ...SETTINGS, appendFirst: true }, stop.signal, (status) => {
    const share = processedShare(status);
    statuses.push({ readTo: source.fractionRead()!, share, status });
    if (share > 0.3) stop.abort();
  });
  // All was read before the first batch.
  const whole = statuses.filter(({ readTo }) => readTo === 1).map(({ share }) => share);
  expect(whole[0]).toBe(0);
  expect(whole).toEqual([...whole].sort((a, b) => a - b));
  expect(statuses.at(-1)!.status.logged).toBe(log.records.flat().length);
  expect(statuses.at(-1)!.share).toBeCloseTo(4_000 / log.records.flat().length);

  // What takes so long before Spark's first batch is said; our engine counts at once.
  const [first, last] = [statuses[0]!.status, statuses.at(-1)!.status];
  expect(progressLine(first, 0, "spark")).toMatch(/in the log · no batch yet: Spark .* first one$/);
  expect(progressLine(first, 0, "ts")).toMatch(/^0 of .* events · 0\/s/);
  expect(progressLine(last, 0, "spark")).toMatch(/^3,994 of .* events · 0\/s/);

  // A second run appends nothing, and goes on from there.
  const again: number[] = [];
  const checkpoint = await openCheckpoint(store, log.topic, {});
  const rest = { ...parts, source: market({ seed: 1, events: EVENTS }), checkpoint };
  await runPipeline(
    rest,
    { ...SETTINGS, appendFirst: true },
    new AbortController().signal,
    (status) => again.push(processedShare(status)),
  );
  expect(again[0]).toBeGreaterThan(0.3);
  expect(again.at(-1)).toBe(1);
});
