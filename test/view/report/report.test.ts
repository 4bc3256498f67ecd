import { expect, test } from "vitest";
import { latenessFigure } from "../../../labs/view/report/figure.js";
import { renderReport } from "../../../labs/view/report/report.js";
import { formatSummary, summarize, type Summary } from "../../../labs/view/report/summary.js";
import { readAlerts, readLateness, readSeries } from "../../../labs/view/report/series.js";
import { thin } from "../../../labs/view/report/thin.js";
import { localStore } from "../../../labs/store/local.js";
import {
  createProducts,
  emptyOutput,
  writeBatch,
  type AlertRow,
  type WindowRow,
} from "../../../labs/store/products.js";
import { priceMessage } from "../../../labs/event.js";
import { formatTime } from "../../../labs/shared/time.js";
import { temporaryFolder } from "../../support/folder.js";
import { memoryLog } from "../../../labs/log/memory.js";

const SETTINGS = {
  windowMs: 60_000,
  slideMs: 10_000,
  delayMs: 30_000,
  changeThreshold: 0.5,
  title: "test",
};
const HOSTILE = '</script><img src=x onerror="alert(1)">';

const summary: Summary = {
  events: 1,
  rejected: 0,
  lateEvents: 0,
  droppedRows: 0,
  windows: 1,
  changes: 0,
  alerts: 0,
  openWindows: 0,
  batches: 1,
  watermark: null,
  newRecords: 1,
  ended: true,
  elapsedMs: 1,
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
    asset,
    window_start: startMs,
    window_end: startMs + 60_000,
    count: 1,
    avg_price: 1,
    stddev_price: null,
    min_price: 1,
    max_price: 1,
    first_price: 1,
    last_price: 1,
    pct_change: 0,
  };
}

function alertRow(second: number, kind: AlertRow["kind"] = "level"): AlertRow {
  const time = formatTime(second * 1_000);
  return {
    id: `${second}`,
    rule: HOSTILE,
    kind,
    asset: HOSTILE,
    time,
    price_usd: 2,
    value: 2,
    text: `after ${second} s`,
  };
}

/** The figures that a page draws. */
function figuresOf(page: string) {
  const [, json] = /const figures = (.*);$/m.exec(page)!;
  return JSON.parse(json!) as { prices: { data: { name?: string; x: number[] }[] }[] };
}

test("names of assets are shown as text: none becomes an element or ends a script", () => {
  const series = [{ asset: HOSTILE, prices: [], windows: [], changes: [], priceStride: 1 }];
  const page = renderReport(summary, { series }, SETTINGS, "/* plotly </script> */");
  expect(page).not.toContain("<img");
  expect(page.match(/<\/script>/g)).toHaveLength(2);
  expect(page).toContain("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;");
});

test("the page loads nothing from the network", () => {
  const page = renderReport({ ...summary, assets: [] }, { series: [] }, SETTINGS, "");
  expect(page).not.toMatch(/(src|href)=|https?:/);
});

test("alerts are in a table and in the chart if there are rules", () => {
  const series = [{ asset: HOSTILE, prices: [], windows: [], changes: [], priceStride: 1 }];
  const alerts = { latest: [alertRow(9, "anomaly"), alertRow(7), alertRow(3)], count: 1_234 };
  const page = renderReport(summary, { series, alerts }, SETTINGS, "");
  expect(page).toContain("The latest 3 of 1,234");
  expect(page.match(/after \d s<\/td>/g)).toEqual([
    "after 9 s</td>",
    "after 7 s</td>",
    "after 3 s</td>",
  ]);
  expect(page).not.toContain("<img");
  const marks = figuresOf(page).prices[0]!.data.filter(({ name }) =>
    /anomaly|alert/.test(name ?? ""),
  );
  expect(marks.map(({ name, x }) => [name, x])).toEqual([
    ["anomaly", [9_000]],
    ["other alert", [7_000, 3_000]],
  ]);
  const none = renderReport(summary, { series, alerts: { latest: [], count: 0 } }, SETTINGS, "");
  expect(none).toContain("No alerts.");
  expect(renderReport(summary, { series }, SETTINGS, "")).not.toContain("<h2>Alerts");
});

test("of many alerts the latest by time are read, newest first", async () => {
  const store = localStore(await temporaryFolder());
  for (const [batchId, seconds] of [
    [0, Array.from({ length: 80 }, (_, index) => index)],
    [1, [200, 100]],
  ] as const) {
    await writeBatch(store, {
      ...emptyOutput(batchId),
      alerts: seconds.map((each) => alertRow(each)),
    });
  }
  const { latest, count } = await readAlerts(store);
  expect(count).toBe(82);
  expect(latest).toHaveLength(50);
  expect(latest.slice(0, 3).map(({ id }) => id)).toEqual(["200", "100", "79"]);
});

test("prices before the first window are not drawn", () => {
  const prices = [10_000, 51_000, 60_000].map((event_time) => {
    return { asset: "a", price_usd: 1, event_time };
  });
  const series = { asset: "a", prices, windows: [windowRow("a", 0)], changes: [], priceStride: 1 };
  const page = renderReport(summary, { series: [series] }, SETTINGS, "");
  expect(figuresOf(page).prices[0]!.data[0]!.x).toEqual([51_000, 60_000]);
});

test("series are those of the products, by event time, and bounded", async () => {
  const store = localStore(await temporaryFolder());
  await createProducts(store);
  const count = 20_000;
  await writeBatch(store, {
    ...emptyOutput(0),
    prices: Array.from({ length: count }, (_, index) => {
      return { asset: "a", price_usd: 1 + index, event_time: count - index };
    }),
    windows: [windowRow("a", 60_000), windowRow("a", 0), windowRow("b", 0)],
  });
  const [series] = await readSeries(store, ["a"], count);
  expect(series!.windows.map(({ window_start }) => window_start)).toEqual([0, 60_000]);
  expect(series!.prices.length).toBeLessThanOrEqual(5_000);
  expect(series!.prices.length * series!.priceStride).toBeGreaterThanOrEqual(count);
  const times = series!.prices.map(({ event_time }) => event_time);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

test("the number of events may be unknown: then every file of prices is read", async () => {
  const store = localStore(await temporaryFolder());
  await createProducts(store);
  for (const batchId of [0, 1]) {
    const prices = [{ asset: "a", price_usd: 1, event_time: batchId }];
    await writeBatch(store, { ...emptyOutput(batchId), prices });
  }
  const [series] = await readSeries(store, ["a"], 0);
  expect(series!.prices.map(({ event_time }) => event_time)).toEqual([0, 1]);
  expect(series!.priceStride).toBe(1);
});

test("thinning keeps every n-th value", () => {
  const kept = thin<number>(10);
  for (let value = 0; value < 1_000; value++) kept.add(value);
  expect(kept.values.length).toBeLessThanOrEqual(10);
  expect(kept.values).toEqual(kept.values.map((_, index) => index * kept.stride));
  expect(kept.values.at(-1)! + kept.stride).toBeGreaterThanOrEqual(1_000);
});

test("lateness is arrival time minus event time, and undefined if every event arrives at its event time", async () => {
  const log = memoryLog(2);
  const message = (timeMs: number, lateMs: number) =>
    priceMessage("a", 1, formatTime(timeMs), timeMs + lateMs);
  await log.append([message(0, 0), message(1_000, 0)]);
  expect(await readLateness(log)).toBeUndefined();
  await log.append([message(2_000, 250), message(2_000, -50)]);
  expect((await readLateness(log))!.latenessMs).toEqual([0, 0, 250, -50]);
});

test("the histogram of lateness holds every event, the very late ones in its last bar", () => {
  const latenessMs = Array.from({ length: 10_000 }, (_, index) => index % 100);
  latenessMs.push(3_600_000);
  const [bars] = latenessFigure({ latenessMs, records: 10_001 }, SETTINGS).data;
  const counts = bars!["y"] as number[];
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(10_001);
  expect(counts.length).toBeLessThanOrEqual(61);
});

test("a summary for people shows the first assets and the number of the others", async () => {
  const store = localStore(await temporaryFolder());
  await createProducts(store);
  const names = Array.from({ length: 1_500 }, (_, index) => `asset ${10_000 + index}`);
  const windows = names.map((asset) => windowRow(asset, 0));
  await writeBatch(store, { ...emptyOutput(0), windows });
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
    batchMs: 1,
    offsets: [1_500],
    ended: true,
  };
  const totals = { ...status.totals, lateEvents: 0, droppedRows: 0 };
  const few = await summarize({ ...status, totals }, store, {}, 0, 20);
  expect(few.assets.map(({ asset }) => asset)).toEqual(names.slice(0, 20));
  expect(few.assets[19]!.lastWindow).not.toBeNull();
  expect(formatSummary(few)).toContain("… and 1,480 more assets");
  expect(formatSummary(few)).toContain("batches 1 in all · this run took 0.00 s");
  const all = await summarize({ ...status, totals }, store, {}, 0, Infinity);
  expect(all.assets).toHaveLength(1_500);
  expect(all.assets[1_499]!.lastWindow).not.toBeNull();
  expect(formatSummary(all)).toBe(formatSummary(few));
});
