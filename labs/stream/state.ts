import type { PriceEvent } from "../event.js";
import type { LatestRow, WindowRow } from "../store/products.js";
import {
  addPrice,
  aggregateOf,
  isBefore,
  mergeAggregates,
  sampleDeviation,
  type Aggregate,
} from "./aggregate.js";
import { LAB_RULES, type Rules } from "./rules.js";
import { paneStart, type WindowSpec } from "./window.js";

/** The events of one stretch of time that no window's edge cuts. */
export interface Pane {
  startMs: number;
  aggregate: Aggregate;
  /** All prices, where a rule asks for them. */
  prices?: number[];
}

/** What the engine remembers of one asset: its open panes, by start, and its latest price. */
export interface AssetState {
  panes: Pane[];
  latest: { priceUsd: number; eventTimeMs: number; offset: number };
  /** What a monitor remembers of the asset: JSON. */
  monitored?: unknown;
}

/** The state of the query, by asset. Its size is bounded by assets × open panes, never by events. */
export type State = Map<string, AssetState>;

/** The windows, of all those an event falls into, that are already closed to it. */
export interface LateWindows {
  firstStartMs: number;
  lastStartMs: number;
}

/** The pane of an asset that starts at a time, made where it is missing. Late events search backwards. */
function paneIndexFor(panes: readonly Pane[], startMs: number): number {
  let low = 0;
  let high = panes.length;
  if (high > 0 && panes[high - 1]!.startMs <= startMs) low = high - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (panes[middle]!.startMs < startMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Adds an event to the state: to the latest price of its asset, and to each of its windows that is still
 * open. A window is closed to events once the watermark of the batch before has reached its end.
 *
 * @param lateWatermarkMs the watermark of the batch before
 * @returns the windows that the event was too late for; undefined if there are none
 */
export function addEvent(
  state: State,
  windows: WindowSpec,
  event: PriceEvent,
  offset: number,
  lateWatermarkMs: number,
  rules: Rules = LAB_RULES,
): LateWindows | undefined {
  const { asset, priceUsd, eventTimeMs } = event;
  let assetState = state.get(asset);
  if (assetState === undefined) {
    assetState = { panes: [], latest: { priceUsd, eventTimeMs, offset } };
    state.set(asset, assetState);
  } else {
    const { latest } = assetState;
    if (isBefore(latest.eventTimeMs, latest.offset, eventTimeMs, offset)) {
      latest.priceUsd = priceUsd;
      latest.eventTimeMs = eventTimeMs;
      latest.offset = offset;
    }
  }

  const lastStartMs = rules.latestWindowStart(windows, eventTimeMs);
  if (!rules.isBehind(lastStartMs + windows.windowMs, lateWatermarkMs)) {
    // The windows that are already closed were emitted long ago, so the pane may take the event.
    const { panes } = assetState;
    const startMs = paneStart(windows, eventTimeMs);
    const index = paneIndexFor(panes, startMs);
    const pane = panes[index];
    if (pane !== undefined && pane.startMs === startMs) {
      addPrice(pane.aggregate, priceUsd, eventTimeMs, offset);
      pane.prices?.push(priceUsd);
    } else {
      const made: Pane = { startMs, aggregate: aggregateOf(priceUsd, eventTimeMs, offset) };
      if (rules.spreadOf !== undefined) made.prices = [priceUsd];
      panes.splice(index, 0, made);
    }
  }

  const firstStartMs = rules.earliestWindowStart(windows, eventTimeMs);
  if (!rules.isBehind(firstStartMs + windows.windowMs, lateWatermarkMs)) return undefined;
  const lastClosedMs = rules.latestWindowStart(windows, lateWatermarkMs - windows.windowMs);
  return { firstStartMs, lastStartMs: Math.min(lastStartMs, lastClosedMs) };
}

function windowRow(asset: string, startMs: number, endMs: number, aggregate: Aggregate): WindowRow {
  const { firstPrice, lastPrice } = aggregate;
  return {
    asset,
    window_start: startMs,
    window_end: endMs,
    count: aggregate.count,
    avg_price: aggregate.mean,
    stddev_price: sampleDeviation(aggregate),
    min_price: aggregate.min,
    max_price: aggregate.max,
    first_price: firstPrice,
    last_price: lastPrice,
    pct_change: ((lastPrice - firstPrice) / firstPrice) * 100,
  };
}

/**
 * The non-empty windows of an asset that end after `fromMs` and by `toMs`, in order. Neighbouring windows
 * share most of their panes, so merging each window's panes anew would cost window / slide merges a window.
 * Instead the panes of a window are kept as two stacks (the front with the merged suffix behind each pane,
 * the back as one running merge), which costs two or three merges a window whatever the slide.
 */
function windowsOf(
  asset: string,
  panes: readonly Pane[],
  windows: WindowSpec,
  fromMs: number,
  toMs: number,
  rules: Rules,
): WindowRow[] {
  const { windowMs, slideMs } = windows;
  const rows: WindowRow[] = [];
  let first = 0; // the window's panes are first ≤ index < end
  let end = 0;
  let frontEnd = 0;
  let suffixes: Aggregate[] = []; // suffixes[i] merges the panes from i to before frontEnd
  let back: Aggregate | undefined; // merges the panes from frontEnd to before end

  let startMs = -Infinity;
  while (first < panes.length) {
    // Start with the first window that holds the pane and was not emitted before.
    const candidateMs = Math.max(
      rules.earliestWindowStart(windows, panes[first]!.startMs),
      fromMs === -Infinity
        ? -Infinity
        : rules.latestWindowStart(windows, fromMs - windowMs) + slideMs,
    );
    startMs = Math.max(startMs + slideMs, candidateMs);
    if (startMs + windowMs > toMs) break;
    while (first < panes.length && panes[first]!.startMs < startMs) first++;
    if (end < first) {
      end = frontEnd = first;
      back = undefined;
    }
    while (end < panes.length && panes[end]!.startMs < startMs + windowMs) {
      const { aggregate } = panes[end++]!;
      back = back === undefined ? aggregate : mergeAggregates(back, aggregate);
    }
    if (first === end) continue; // the next pane lies beyond: jump to it
    if (first >= frontEnd) {
      suffixes = [];
      for (let index = end - 1; index >= first; index--) {
        const { aggregate } = panes[index]!;
        const suffix = suffixes[index + 1];
        suffixes[index] = suffix === undefined ? aggregate : mergeAggregates(aggregate, suffix);
      }
      frontEnd = end;
      back = undefined;
    }
    const front = suffixes[first]!;
    const aggregate = back === undefined ? front : mergeAggregates(front, back);
    const row = windowRow(asset, startMs, startMs + windowMs, aggregate);
    if (rules.spreadOf !== undefined) {
      const prices = panes.slice(first, end).flatMap((pane) => pane.prices ?? []);
      const { mean, deviation } = rules.spreadOf(prices);
      row.avg_price = mean;
      row.stddev_price = deviation;
    }
    rows.push(row);
  }
  return rows;
}

/**
 * Emits every window that the watermark has passed and evicts what no open window needs (append mode
 * of the Spark guide: a window is emitted once, when it is final).
 *
 * @param previousMs the watermark up to which windows have been emitted before
 * @param watermarkMs the watermark up to which windows are final now
 * @returns the windows by start, then by asset
 */
export function closeWindows(
  state: State,
  windows: WindowSpec,
  previousMs: number,
  watermarkMs: number,
  rules: Rules = LAB_RULES,
): WindowRow[] {
  if (watermarkMs === previousMs) return [];
  const rows: WindowRow[] = [];
  for (const [asset, { panes }] of state) {
    if (panes.length === 0) continue;
    const firstEndMs = rules.earliestWindowStart(windows, panes[0]!.startMs) + windows.windowMs;
    if (!rules.isBehind(firstEndMs, watermarkMs)) continue;
    rows.push(...windowsOf(asset, panes, windows, previousMs, watermarkMs, rules));
    let closed = 0;
    while (closed < panes.length) {
      const lastEndMs = rules.latestWindowStart(windows, panes[closed]!.startMs) + windows.windowMs;
      if (!rules.isBehind(lastEndMs, watermarkMs)) break;
      closed++;
    }
    panes.splice(0, closed);
  }
  return rows.sort(
    (a, b) =>
      a.window_start - b.window_start || (a.asset < b.asset ? -1 : a.asset > b.asset ? 1 : 0),
  );
}

/** How many windows are open: they hold an event and the watermark has not reached their end. */
export function countOpenWindows(
  state: State,
  windows: WindowSpec,
  watermarkMs: number,
  rules: Rules = LAB_RULES,
): number {
  const { windowMs, slideMs } = windows;
  const firstOpenMs =
    watermarkMs === -Infinity
      ? -Infinity
      : rules.latestWindowStart(windows, watermarkMs - windowMs) + slideMs;
  let open = 0;
  for (const { panes } of state.values()) {
    let nextMs = firstOpenMs;
    for (const { startMs } of panes) {
      const fromMs = Math.max(nextMs, rules.earliestWindowStart(windows, startMs));
      const toMs = rules.latestWindowStart(windows, startMs);
      if (toMs < fromMs) continue;
      open += (toMs - fromMs) / slideMs + 1;
      nextMs = toMs + slideMs;
    }
  }
  return open;
}

/** The latest price of every asset, by name. */
export function latestPrices(state: State): LatestRow[] {
  return [...state]
    .map(([asset, { latest }]) => ({
      asset,
      price_usd: latest.priceUsd,
      event_time: latest.eventTimeMs,
    }))
    .sort((a, b) => (a.asset < b.asset ? -1 : 1));
}
