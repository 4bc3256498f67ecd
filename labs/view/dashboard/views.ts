import type { AlertRow } from "../../store/products.js";
import type { KnownTotals } from "../../stream/totals.js";
import type { ChartedWindow } from "../report/figure.js";
import type { PipelineStatus } from "../status.js";

/** Limits for the feed and each page, so that memory use does not grow with the stream or the number of assets. */
export interface Limits {
  assets: number;
  /** Per asset. */
  prices: number;
  /** Per asset. */
  windows: number;
  watermarkLags: number;
  alerts: number;
}

/** A price at its event time, milliseconds since the epoch. */
export type PricePoint = readonly [timeMs: number, price: number];

/** An asset. Prices and windows are in the order of event time. */
export interface AssetView {
  asset: string;
  price: number;
  eventTimeMs: number;
  prices: PricePoint[];
  windows: ChartedWindow[];
}

export interface StreamView
  extends
    KnownTotals,
    Pick<
      PipelineStatus,
      "openWindows" | "watermarkMs" | "newestEventMs" | "batchMs" | "offsets" | "ended"
    > {
  eventsPerSecond: number;
  /** Newest event time minus watermark, over time. */
  watermarkLags: WatermarkLag[];
}

/** The watermark lag at a wall-clock time. */
export type WatermarkLag = readonly [wallMs: number, lagMs: number];

/** The constants of a run. */
export interface RunView {
  source: string;
  engine: string;
  topic: string;
  output: string;
  windowMs: number;
  slideMs: number;
  delayMs: number;
  /** Percent. */
  changeThreshold: number;
  /** Whether the source is a recording, whose times are in the past. */
  recorded: boolean;
  watched: boolean;
}

/** Everything a page needs when it opens. */
export interface Snapshot {
  run: RunView;
  limits: Limits;
  stream: StreamView;
  /** The first assets that appeared, up to the limit. */
  assets: AssetView[];
  /** The last alerts, in the order in which they were raised. */
  alerts: AlertRow[];
}

/** What is new since the last update. A snapshot taken in between may already contain some of it. */
export type Update = Omit<Snapshot, "run" | "limits">;

/**
 * Merges an update into a snapshot.
 *
 * @returns a new snapshot; `known` is not changed
 */
export function addUpdate(known: Snapshot, update: Update): Snapshot {
  const { run, limits } = known;
  const assets = new Map(known.assets.map((view) => [view.asset, view]));
  for (const view of update.assets) {
    const { prices = [], windows = [] } = assets.get(view.asset) ?? {};
    assets.set(view.asset, {
      ...view,
      prices: append(prices, view.prices, ([timeMs]) => timeMs).slice(-limits.prices),
      windows: append(windows, view.windows, (each) => each.window_end).slice(-limits.windows),
    });
  }
  const ids = new Set(known.alerts.map(({ id }) => id));
  const raised = update.alerts.filter(({ id }) => !ids.has(id));
  const lags = append(
    known.stream.watermarkLags,
    update.stream.watermarkLags,
    ([wallMs]) => wallMs,
  );
  return {
    run,
    limits,
    stream: { ...update.stream, watermarkLags: lags.slice(-limits.watermarkLags) },
    assets: [...assets.values()],
    alerts: [...known.alerts, ...raised].slice(-limits.alerts),
  };
}

/** The known values in time order, followed by the values of `added` that are later. */
function append<T>(values: readonly T[], added: readonly T[], timeOf: (value: T) => number): T[] {
  const last = values.at(-1);
  const lastMs = last === undefined ? -Infinity : timeOf(last);
  return [...values, ...added.filter((value) => timeOf(value) > lastMs)];
}
