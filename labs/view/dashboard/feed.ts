import { nowMs } from "../../shared/clock.js";
import type { AlertRow, BatchOutput, LatestRow } from "../../store/products.js";
import { totalsBy } from "../../stream/totals.js";
import type { AssetSeries } from "../report/series.js";
import type { PipelineStatus } from "../status.js";
import { openAssets } from "./assets.js";
import { boundedList } from "./bounded.js";
import { openRate } from "./rate.js";
import type { Limits, RunView, Snapshot, StreamView, Update, WatermarkLag } from "./views.js";

const LIMITS: Limits = {
  assets: 100,
  prices: 1_000,
  windows: 720,
  watermarkLags: 600,
  alerts: 200,
};
const UPDATE_MS = 500;

/** Collects the data about a running pipeline that a page shows. */
export interface Feed {
  snapshot(): Snapshot;
  /** Calls the listener with each update, at most every half second. @returns ends the subscription */
  subscribe(listener: (update: Update) => void): () => void;
  addOutput(output: Pick<BatchOutput, "prices" | "windows" | "alerts">): void;
  setStatus(status: PipelineStatus): void;
  /** Adds rows that earlier runs wrote to the products. */
  addPast(series: readonly AssetSeries[], alerts: readonly AlertRow[]): void;
  /** Sets the latest price of each asset by (event time, offset); the points of a chart may not include it. */
  setLatest(rows: readonly LatestRow[]): void;
  close(): void;
}

export function openFeed(run: RunView): Feed {
  const listeners = new Set<(update: Update) => void>();
  const assets = openAssets(LIMITS);
  const alerts = boundedList<AlertRow>(LIMITS.alerts);
  const lags = boundedList<WatermarkLag>(LIMITS.watermarkLags);
  const rate = openRate();
  let isChanged = false;
  /** When the last lag was recorded, by a clock that never goes back. */
  let lagNotedMs = -Infinity;
  let stream: Omit<StreamView, "watermarkLags"> = {
    ...totalsBy(() => 0),
    openWindows: 0,
    watermarkMs: null,
    newestEventMs: null,
    eventsPerSecond: 0,
    batchMs: null,
    offsets: [],
    ended: false,
  };

  function takeNew(): Update {
    return {
      stream: { ...stream, watermarkLags: lags.takeNew() },
      assets: assets.takeNew(),
      alerts: alerts.takeNew(),
    };
  }

  function tick(): void {
    const eventsPerSecond = rate.measure(stream.events + stream.rejected);
    if (eventsPerSecond !== stream.eventsPerSecond) isChanged = true;
    stream.eventsPerSecond = eventsPerSecond;
    const update = takeNew();
    if (!isChanged || listeners.size === 0) return;
    isChanged = false;
    for (const listener of listeners) listener(update);
  }

  function noteLag({ watermarkMs, newestEventMs }: PipelineStatus): void {
    if (watermarkMs === null || newestEventMs === null) return;
    if (performance.now() - lagNotedMs < UPDATE_MS) return;
    lagNotedMs = performance.now();
    lags.add([nowMs(), newestEventMs - watermarkMs]);
  }

  // eslint-disable-next-line no-restricted-globals -- a constant, far below the maximum delay of a timer
  const timer = setInterval(tick, UPDATE_MS);
  timer.unref();

  return {
    snapshot: () => ({
      run,
      limits: LIMITS,
      stream: { ...stream, watermarkLags: lags.values },
      assets: assets.views(),
      alerts: alerts.values,
    }),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    addOutput(output) {
      for (const { asset, event_time, price_usd } of output.prices) {
        assets.addPrice(asset, event_time, price_usd);
      }
      for (const row of output.windows) assets.addWindow(row);
      for (const row of output.alerts) alerts.add(row);
      isChanged = true;
    },
    setStatus(status) {
      const { totals, openWindows, watermarkMs, newestEventMs, batchMs, offsets, ended } = status;
      const { eventsPerSecond } = stream;
      stream = {
        ...totals,
        openWindows,
        watermarkMs,
        newestEventMs,
        eventsPerSecond,
        batchMs,
        offsets,
        ended,
      };
      noteLag(status);
      isChanged = true;
    },
    setLatest(rows) {
      for (const row of rows) assets.setLatest(row);
      isChanged = true;
    },
    addPast(series, pastAlerts) {
      for (const row of pastAlerts) alerts.add(row);
      for (const { asset, prices, windows } of series) {
        for (const { event_time, price_usd } of prices)
          assets.addPrice(asset, event_time, price_usd);
        for (const row of windows) assets.addWindow(row);
      }
      takeNew(); // a page receives the past in its snapshot
    },
    close: () => clearInterval(timer),
  };
}
