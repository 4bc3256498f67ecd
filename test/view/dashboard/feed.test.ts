import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openFeed } from "../../../labs/view/dashboard/feed.js";
import type { Update } from "../../../labs/view/dashboard/views.js";
import type { PipelineStatus } from "../../../labs/view/status.js";
import type { AlertRow, WindowRow, PriceRow } from "../../../labs/store/products.js";
import { RUN } from "../../support/run-view.js";

const price = (event_time: number, price_usd: number, asset = "bitcoin"): PriceRow => ({
  asset,
  price_usd,
  event_time,
});
const row = (window_end: number, pct_change: number): WindowRow => ({
  asset: "bitcoin",
  window_start: window_end - 60_000,
  window_end,
  count: 2,
  avg_price: 10,
  stddev_price: 1,
  min_price: 9,
  max_price: 11,
  first_price: 9,
  last_price: 11,
  pct_change,
});
const status = (events: number): PipelineStatus => ({
  totals: {
    batches: 1,
    events,
    rejected: 2,
    windows: 3,
    changes: 1,
    alerts: 6,
    lateEvents: 4,
    droppedRows: 5,
  },
  appended: events,
  logged: 100,
  batchesNow: 1,
  openWindows: 6,
  watermarkMs: 70_000,
  newestEventMs: 100_000,
  batchMs: 12,
  latest: [{ asset: "bitcoin", price_usd: 42, event_time: 100_000 }],
  offsets: [events],
  ended: false,
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a snapshot has everything that is kept, an update only what is new", () => {
  const feed = openFeed(RUN);
  const updates: Update[] = [];
  feed.addOutput({ prices: [price(1_000, 10)], windows: [row(60_000, 0.6)], alerts: [] });
  feed.subscribe((update) => updates.push(structuredClone(update)));
  vi.advanceTimersByTime(500);
  feed.addOutput({ prices: [price(3_000, 12)], windows: [], alerts: [] });
  feed.setStatus(status(2));
  feed.setLatest(status(2).latest);
  vi.advanceTimersByTime(500);
  const last = updates.at(-1)!;
  expect(last.assets).toEqual([
    { asset: "bitcoin", price: 42, eventTimeMs: 100_000, prices: [[3_000, 12]], windows: [] },
  ]);
  expect(last.stream).toMatchObject({ events: 2, lateEvents: 4, watermarkMs: 70_000, batchMs: 12 });
  const { assets } = feed.snapshot();
  expect(assets[0]!.prices).toEqual([
    [1_000, 10],
    [3_000, 12],
  ]);
  expect(assets[0]!.windows).toEqual([
    { window_end: 60_000, avg_price: 10, stddev_price: 1, last_price: 11, pct_change: 0.6 },
  ]);
  feed.close();
});

test("memory stays flat however long the stream is, and prices are shown a second apart at least", () => {
  const feed = openFeed(RUN);
  feed.subscribe(() => {});
  for (let batch = 0; batch < 500; batch++) {
    const prices = Array.from({ length: 100 }, (_, i) => price(batch * 50_000 + i * 500, i + 1));
    feed.addOutput({
      prices,
      windows: [row(batch * 10_000, 0), row(batch * 10_000 + 5_000, 0)],
      alerts: [],
    });
    feed.setStatus(status(batch));
    vi.advanceTimersByTime(600);
  }
  const { assets, limits, stream } = feed.snapshot();
  const { prices, windows } = assets[0]!;
  expect(prices).toHaveLength(limits.prices);
  expect(windows).toHaveLength(limits.windows);
  expect(stream.watermarkLags.length).toBeLessThanOrEqual(limits.watermarkLags);
  for (let i = 1; i < prices.length; i++) {
    expect(prices[i]![0] - prices[i - 1]![0]).toBeGreaterThanOrEqual(1_000);
  }
  feed.close();
});

test("of many assets the first ones are kept, and no more", () => {
  const feed = openFeed(RUN);
  const prices = Array.from({ length: 5_000 }, (_, index) => price(index, 1, `asset ${index}`));
  const latest = prices.map(({ asset }) => ({ asset, price_usd: 2, event_time: 9_000 }));
  for (let batch = 0; batch < 3; batch++) feed.addOutput({ prices, windows: [], alerts: [] });
  feed.setLatest(latest);
  const { assets } = feed.snapshot();
  expect(assets).toHaveLength(100);
  expect(assets.map(({ asset }) => asset)).toEqual(latest.slice(0, 100).map(({ asset }) => asset));
  expect(assets.every((view) => view.price === 2)).toBe(true);
  feed.close();
});

test("a late event does not take the place of the latest price", () => {
  const feed = openFeed(RUN);
  feed.addOutput({ prices: [price(9_000, 9), price(2_000, 2)], windows: [], alerts: [] });
  expect(feed.snapshot().assets[0]).toMatchObject({ price: 9, eventTimeMs: 9_000 });
  feed.close();
});

test("alerts: a snapshot has those that are kept, updates have each new one once, and the number kept is bounded", () => {
  const feed = openFeed(RUN);
  const raise = (number: number): AlertRow => ({
    id: `a/bitcoin/${number}`,
    rule: "a",
    kind: "level",
    asset: "bitcoin",
    time: "",
    price_usd: 1,
    value: 1,
    text: "",
  });
  feed.addPast([], [raise(0)]);
  const updates: Update[] = [];
  feed.subscribe((update) => updates.push(structuredClone(update)));
  feed.addOutput({ prices: [], windows: [], alerts: [raise(1), raise(2)] });
  vi.advanceTimersByTime(500);
  feed.addOutput({ prices: [], windows: [], alerts: [raise(3)] });
  vi.advanceTimersByTime(500);
  expect(updates.map(({ alerts }) => alerts)).toEqual([[raise(1), raise(2)], [raise(3)]]);
  expect(feed.snapshot().alerts).toEqual([0, 1, 2, 3].map(raise));
  for (let number = 4; number < 1_000; number++) {
    feed.addOutput({ prices: [], windows: [], alerts: [raise(number)] });
  }
  vi.advanceTimersByTime(500);
  const kept = Array.from({ length: 200 }, (_, index) => raise(800 + index));
  expect(feed.snapshot().alerts).toEqual(kept);
  expect(updates.at(-1)!.alerts).toEqual(kept);
  feed.close();
});

test("no update is sent when nothing has changed", () => {
  const feed = openFeed(RUN);
  let told = 0;
  feed.subscribe(() => told++);
  feed.addOutput({ prices: [price(1_000, 1)], windows: [], alerts: [] });
  vi.advanceTimersByTime(20_000);
  const before = told;
  vi.advanceTimersByTime(20_000);
  expect(before).toBeGreaterThan(0);
  expect(told).toBe(before);
  feed.close();
});
