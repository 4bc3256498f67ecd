import { expect, test } from "vitest";
import { latenessFigure } from "../../labs/report/figure.js";
import { renderReport } from "../../labs/report/report.js";
import { formatSummary, summarize, type Summary } from "../../labs/report/summary.js";
import { readLateness, readSeries } from "../../labs/report/series.js";
import { thin } from "../../labs/report/thin.js";
import { localStore } from "../../labs/store/local.js";
import { createProducts, writeBatch, type WindowRow } from "../../labs/store/products.js";
import { priceMessage } from "../../labs/event.js";
import { formatTime } from "../../labs/time.js";
import { temporaryFolder } from "../support/folder.js";
import { memoryLog } from "../../labs/log/memory.js";

const SETTINGS = {
  ...{ windowMs: 60_000, slideMs: 10_000, delayMs: 30_000, changeThreshold: 0.5 },
  title: "test",
};
const HOSTILE = '</script><img src=x onerror="alert(1)">';

const summary: Summary = {
  ...{ events: 1, rejected: 0, lateEvents: 0, droppedRows: 0, windows: 1, changes: 0, alerts: 0 },
  ...{ openWindows: 0, batches: 1, watermark: null, newRecords: 1, ended: true, elapsedMs: 1 },
  source: {},
  assetCount: 1,
  assets: [
    {
      asset: HOSTILE,
      price_usd: 1,
      event_time: "2025-01-01T10:00:10.000Z",
      lastWindow: null,
      biggestChange: null,
    },
  ],
};

function windowRow(asset: string, startMs: number): WindowRow {
  return {
    ...{ asset, window_start: startMs, window_end: startMs + 60_000, count: 1, avg_price: 1 },
    ...{ stddev_price: null, min_price: 1, max_price: 1, first_price: 1, last_price: 1 },
    pct_change: 0,
  };
}

test("names of assets are shown as text: none becomes an element or ends a script", () => {
  const series = [{ asset: HOSTILE, prices: [], windows: [], changes: [], priceStride: 1 }];
  const page = renderReport(summary, series, undefined, SETTINGS, "/* plotly </script> */");
  expect(page).not.toContain("<img");
  expect(page.match(/<\/script>/g)).toHaveLength(2);
  expect(page).toContain("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;");
});

test("the page asks nothing of a network", () => {
  const page = renderReport({ ...summary, assets: [] }, [], undefined, SETTINGS, "");
  expect(page).not.toMatch(/(src|href)=|https?:/);
});

test("series are those of the products, by event time, and bounded", async () => {
  const store = localStore(await temporaryFolder());
  await createProducts(store);
  const count = 20_000;
  await writeBatch(store, {
    batchId: 0,
    events: Array.from({ length: count }, (_, index) => {
      return { asset: "a", priceUsd: 1 + index, eventTimeMs: count - index };
    }),
    windows: [windowRow("a", 60_000), windowRow("a", 0), windowRow("b", 0)],
    changes: [],
    latest: [],
    rejected: [],
    alerts: [],
  });
  const [series] = await readSeries(store, ["a"], count);
  expect(series!.windows.map(({ window_start }) => window_start)).toEqual([0, 60_000]);
  expect(series!.prices.length).toBeLessThanOrEqual(5_000);
  expect(series!.prices.length * series!.priceStride).toBeGreaterThanOrEqual(count);
  const times = series!.prices.map(({ event_time }) => event_time);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

test("thinning keeps every so many-th value, evenly spaced", () => {
  const kept = thin<number>(10);
  for (let value = 0; value < 1_000; value++) kept.add(value);
  expect(kept.values.length).toBeLessThanOrEqual(10);
  expect(kept.values).toEqual(kept.values.map((_, index) => index * kept.stride));
  expect(kept.values.at(-1)! + kept.stride).toBeGreaterThanOrEqual(1_000);
});

test("lateness is arrival less event time, and absent where no event has an arrival of its own", async () => {
  const log = memoryLog(2);
  const message = (timeMs: number, lateMs: number) =>
    priceMessage("a", 1, formatTime(timeMs), timeMs + lateMs);
  await log.append([message(0, 0), message(1_000, 0)]);
  expect(await readLateness(log)).toBeUndefined();
  await log.append([message(2_000, 250), message(2_000, -50)]);
  expect((await readLateness(log))!.latenessMs).toEqual([0, 0, 250, -50]);
});

test("the histogram of lateness holds every event, its last bar all the very late", () => {
  const latenessMs = Array.from({ length: 10_000 }, (_, index) => index % 100);
  latenessMs.push(3_600_000);
  const [bars] = latenessFigure({ latenessMs, records: 10_001 }, SETTINGS).data;
  const counts = bars!["y"] as number[];
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(10_001);
  expect(counts.length).toBeLessThanOrEqual(61);
});

test("a summary for a person tells of the first assets, and how many more there are", async () => {
  const store = localStore(await temporaryFolder());
  await createProducts(store);
  const names = Array.from({ length: 1_500 }, (_, index) => `asset ${10_000 + index}`);
  const windows = names.map((asset) => windowRow(asset, 0));
  const empty = { events: [], changes: [], latest: undefined, rejected: [], alerts: [] };
  await writeBatch(store, { batchId: 0, windows, ...empty });
  const status = {
    totals: { batches: 1, events: 1_500, rejected: 0, windows: 1_500, changes: 0, alerts: 0 },
    ...{
      appended: 1_500,
      logged: 1_500,
      batchesNow: 1,
      openWindows: 0,
      watermarkMs: 0,
      newestEventMs: 0,
    },
    latest: names.map((asset) => ({ asset, price_usd: 1, event_time: 0 })),
    ...{ batchMs: 1, offsets: [1_500], ended: true },
  };
  const totals = { ...status.totals, lateEvents: 0, droppedRows: 0 };
  const few = await summarize({ ...status, totals }, store, {}, 0, 20);
  expect(few.assets.map(({ asset }) => asset)).toEqual(names.slice(0, 20));
  expect(few.assets[19]!.lastWindow).not.toBeNull();
  expect(formatSummary(few)).toContain("… and 1,480 more assets");
  const all = await summarize({ ...status, totals }, store, {}, 0, Infinity);
  expect(all.assets).toHaveLength(1_500);
  expect(all.assets[1_499]!.lastWindow).not.toBeNull();
  expect(formatSummary(all)).toBe(formatSummary(few));
});
