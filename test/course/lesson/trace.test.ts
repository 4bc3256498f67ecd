import { expect, test } from "vitest";
import { market } from "../../../labs/source/market.js";
import { take } from "../../../labs/course/lesson/observed.js";
import { delayCost, traceQuery } from "../../../labs/course/lesson/trace.js";
import { windowSpec } from "../../../labs/stream/window.js";

const EVENTS = 3_000;
const storm = { seed: 11, events: EVENTS, assets: 3, eventsPerSecond: 10, lateness: 0.05 };
const settings = {
  windows: windowSpec(60_000, 20_000),
  delayMs: 10_000,
  changeThreshold: 0.5,
  batchSize: 100,
};

test("a trace shows what the engine did: every event once, every window, every late one", async () => {
  const { batches, totals } = await traceQuery(await take(market(storm), EVENTS), settings, 3);
  const events = batches.flatMap((batch) => batch.events);
  expect(events).toHaveLength(totals.events);
  expect(events.filter(({ late }) => late)).toHaveLength(totals.lateEvents);
  expect(totals.lateEvents).toBeGreaterThan(20);
  expect(batches.flatMap(({ windows }) => windows)).toHaveLength(totals.windows);
  expect(batches.reduce((sum, { droppedRows }) => sum + droppedRows, 0)).toBe(totals.droppedRows);
  expect(batches.map(({ batchId }) => batchId)).toEqual(batches.map((_, index) => index));
});

test("each batch's late watermark is the watermark of the batch before", async () => {
  const { batches } = await traceQuery(await take(market(storm), EVENTS), settings);
  for (const [index, batch] of batches.entries()) {
    expect(batch.lateWatermarkMs).toBe(index === 0 ? null : batches[index - 1]!.watermarkMs);
    for (const { window_end } of batch.windows) {
      expect(window_end).toBeLessThanOrEqual(batch.watermarkMs!);
    }
  }
});

test("a longer delay never costs completeness, and always time", async () => {
  const messages = await take(market(storm), EVENTS);
  const delays = [0, 5_000, 30_000, 180_000];
  const traces = await Promise.all(
    delays.map((delayMs) => traceQuery(messages, { ...settings, delayMs })),
  );
  const costs = traces.map(delayCost);
  for (let index = 1; index < costs.length; index++) {
    expect(costs[index]!.completeness).toBeGreaterThanOrEqual(costs[index - 1]!.completeness);
    expect(costs[index]!.meanResultDelayMs).toBeGreaterThan(costs[index - 1]!.meanResultDelayMs);
  }
  expect(costs.at(-1)!.completeness).toBe(1);
});
