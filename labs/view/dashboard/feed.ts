import { nowMs } from "../../shared/clock.js";
import type { PipelineStatus } from "../status.js";
import type { AssetSeries } from "../report/series.js";
import type { AlertRow, BatchOutput, LatestRow, WindowRow } from "../../store/products.js";

/** How much is kept, and so how much a page ever gets: memory stays flat however long the stream is, and however many assets it has. */
const MAX_ASSETS = 100;
const MOST_PRICES = 1_000;
const MOST_WINDOWS = 720;
const MOST_GAPS = 600;
/** Over all assets. */
const MOST_ALERTS = 200;
/** Prices of one asset are shown this far apart at least, in event time. */
const PRICE_SPACING_MS = 1_000;
const UPDATE_MS = 500;
/** The rate of events is taken over this time. */
const RATE_MS = 3_000;

/** A price at its event time, milliseconds since the epoch. */
export type PricePoint = readonly [timeMs: number, price: number];

/** A window at its end. */
export interface WindowPoint {
  endMs: number;
  average: number;
  deviation: number | null;
  /** Percent. */
  change: number;
  /** Whether the change reaches the threshold. */
  marked: boolean;
}

export interface AssetView {
  asset: string;
  price: number;
  eventTimeMs: number;
  prices: PricePoint[];
  windows: WindowPoint[];
}

type Totals = PipelineStatus["totals"];

/** How the stream stands. */
export interface StreamView extends Totals {
  openWindows: number;
  /** Null before there is one. */
  watermarkMs: number | null;
  newestEventMs: number | null;
  eventsPerSecond: number;
  /** How long the last batch took; null where nobody says. */
  batchMs: number | null;
  offsets: readonly number[];
  ended: boolean;
  /** The gap between the newest event and the watermark over time: [wall clock, gap], milliseconds. */
  gaps: [number, number][];
}

/** What does not change while a pipeline runs. */
export interface RunView {
  source: string;
  engine: string;
  topic: string;
  /** Where the products go. */
  output: string;
  windowMs: number;
  slideMs: number;
  /** The watermark's delay. */
  delayMs: number;
  /** Percent. */
  changeThreshold: number;
  /** Whether the source is a recording, whose time is its own. */
  recorded: boolean;
  /** Whether there are rules for alerts. */
  watched: boolean;
}

export interface Snapshot {
  run: RunView;
  stream: StreamView;
  /** The first ones that came, up to a bound. */
  assets: AssetView[];
  /** The last ones, in the order that they were raised in. */
  alerts: AlertRow[];
}

/** What has happened since the last update: of each asset, and of the alerts, only what is new. A snapshot in between may have had some of it. */
export type Update = Omit<Snapshot, "run">;

export interface Feed {
  snapshot(): Snapshot;
  /** Told of an update, at most every half second. @returns ends it */
  subscribe(listener: (update: Update) => void): () => void;
  /** Takes what a batch has added to the products. */
  addOutput(output: Pick<BatchOutput, "events" | "windows" | "alerts">): void;
  /** Takes how the pipeline stands. */
  setStatus(status: PipelineStatus): void;
  /** Takes what earlier runs have left in the products. */
  addPast(series: readonly AssetSeries[], alerts: readonly AlertRow[]): void;
  /** Takes the latest price of each asset by (event time, offset), where it is known better than from the points of a chart. */
  setLatest(rows: readonly LatestRow[]): void;
  close(): void;
}

/** Collects what a page shows of a running pipeline. */
export function openFeed(run: RunView): Feed {
  const assets = new Map<string, AssetView>();
  const fresh = new Map<string, Pick<AssetView, "prices" | "windows">>();
  const listeners = new Set<(update: Update) => void>();
  const alerts: AlertRow[] = [];
  let freshAlerts: AlertRow[] = [];
  let rates: [number, number][] = [];
  let isChanged = false;
  /** When the last gap was noted, by a clock that nobody can put back. */
  let gapMs = -Infinity;
  const stream: StreamView = {
    events: 0,
    rejected: 0,
    lateEvents: 0,
    droppedRows: 0,
    windows: 0,
    changes: 0,
    alerts: 0,
    batches: 0,
    openWindows: 0,
    watermarkMs: null,
    newestEventMs: null,
    eventsPerSecond: 0,
    batchMs: null,
    offsets: [],
    ended: false,
    gaps: [],
  };

  /** The view of an asset; undefined where there are as many as are kept. */
  function viewOf(asset: string): AssetView | undefined {
    let view = assets.get(asset);
    if (view === undefined && assets.size < MAX_ASSETS) {
      view = { asset, price: NaN, eventTimeMs: -Infinity, prices: [], windows: [] };
      assets.set(asset, view);
    }
    return view;
  }

  function freshOf(asset: string) {
    let view = fresh.get(asset);
    if (view === undefined) {
      view = { prices: [], windows: [] };
      fresh.set(asset, view);
    }
    return view;
  }

  function addPrice(asset: string, timeMs: number, price: number): void {
    const view = viewOf(asset);
    if (view === undefined || timeMs < view.eventTimeMs) return; // a late one is in the products, but nobody waits for it here
    view.price = price;
    view.eventTimeMs = timeMs;
    const last = view.prices.at(-1);
    if (last !== undefined && timeMs - last[0] < PRICE_SPACING_MS) return;
    view.prices.push([timeMs, price]);
    if (view.prices.length > MOST_PRICES) view.prices.shift();
    freshOf(asset).prices.push([timeMs, price]);
  }

  function addWindow(row: WindowRow): void {
    const view = viewOf(row.asset);
    if (view === undefined) return;
    const point: WindowPoint = {
      endMs: row.window_end,
      average: row.avg_price,
      deviation: row.stddev_price,
      change: row.pct_change,
      marked: Math.abs(row.pct_change) >= run.changeThreshold,
    };
    view.windows.push(point);
    if (view.windows.length > MOST_WINDOWS) view.windows.shift();
    freshOf(row.asset).windows.push(point);
  }

  function addAlerts(rows: readonly AlertRow[]): void {
    alerts.push(...rows.slice(-MOST_ALERTS));
    alerts.splice(0, alerts.length - MOST_ALERTS);
  }

  function forget(): void {
    fresh.clear();
    freshAlerts = [];
  }

  function tick(): void {
    measureRate();
    if (!isChanged || listeners.size === 0) return forget();
    isChanged = false;
    const changed = [...fresh].map(([asset, { prices, windows }]) => {
      const { price, eventTimeMs } = assets.get(asset)!;
      const recent = prices.slice(-MOST_PRICES);
      return { asset, price, eventTimeMs, prices: recent, windows: windows.slice(-MOST_WINDOWS) };
    });
    const update: Update = {
      stream: { ...stream, gaps: stream.gaps.slice(-1) },
      assets: changed,
      alerts: freshAlerts.slice(-MOST_ALERTS),
    };
    forget();
    for (const listener of listeners) listener(update);
  }

  function measureRate(): void {
    const timeMs = performance.now(); // a clock that nobody can put back
    const total = stream.events + stream.rejected;
    rates.push([timeMs, total]);
    rates = rates.filter(([eachMs]) => timeMs - eachMs <= RATE_MS);
    const [beginMs, before] = rates[0]!;
    const rate = timeMs > beginMs ? ((total - before) / (timeMs - beginMs)) * 1_000 : 0;
    if (Math.round(rate) !== stream.eventsPerSecond) isChanged = true;
    stream.eventsPerSecond = Math.round(rate);
  }

  // eslint-disable-next-line no-restricted-globals -- a constant, far below what a timer holds
  const timer = setInterval(tick, UPDATE_MS);
  timer.unref();

  return {
    snapshot: () => ({ run, stream, assets: [...assets.values()], alerts }),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    addOutput({ events, windows, alerts: raised }) {
      for (const { asset, eventTimeMs, priceUsd } of events) addPrice(asset, eventTimeMs, priceUsd);
      for (const row of windows) addWindow(row);
      addAlerts(raised);
      freshAlerts.push(...raised);
      isChanged = true;
    },
    setStatus(status) {
      const { watermarkMs } = status;
      Object.assign(stream, status.totals);
      stream.openWindows = status.openWindows;
      stream.watermarkMs = watermarkMs;
      stream.newestEventMs = status.newestEventMs;
      stream.batchMs = status.batchMs;
      stream.offsets = status.offsets;
      stream.ended = status.ended;
      if (watermarkMs !== null && status.newestEventMs !== null) {
        if (performance.now() - gapMs >= UPDATE_MS) {
          gapMs = performance.now();
          stream.gaps.push([nowMs(), status.newestEventMs - watermarkMs]);
          if (stream.gaps.length > MOST_GAPS) stream.gaps.shift();
        }
      }
      isChanged = true;
    },
    setLatest(rows) {
      for (const { asset, price_usd, event_time } of rows) {
        const view = viewOf(asset);
        if (view === undefined || event_time < view.eventTimeMs) continue;
        view.price = price_usd;
        view.eventTimeMs = event_time;
        freshOf(asset);
      }
      isChanged = true;
    },
    addPast(series, past) {
      addAlerts(past);
      for (const { asset, prices, windows } of series) {
        for (const { event_time, price_usd } of prices) addPrice(asset, event_time, price_usd);
        for (const row of windows) addWindow(row);
      }
      forget();
    },
    close: () => clearInterval(timer),
  };
}
