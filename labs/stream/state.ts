import type { PriceEvent } from "../event.js";
import type { WindowRow } from "../store/products.js";
import { addPrice, aggregateOf, isBefore, sampleDeviation, type Aggregate } from "./aggregate.js";
import { mergeWindow, newRolling, paneIndexFor, type Pane, type Rolling } from "./rolling.js";
import { LAB_RULES, type Rules } from "./rules.js";
import { openTimers, type Timers } from "./timers.js";
import { paneStart, type WindowSpec } from "./window.js";

/** What the engine remembers of one asset: its open panes, by start, and its latest price. */
export interface AssetState {
  asset: string;
  panes: Pane[];
  latest: { priceUsd: number; eventTimeMs: number; offset: number };
  /** What a monitor remembers of the asset: JSON. */
  monitored: unknown;
  /** When its next window ends; Infinity where it has none. */
  closesMs: number;
  /** Undefined where none of its windows has been computed yet, or an event has come since for the past of the last one. */
  rolling: Rolling | undefined;
  /** Whether the checkpoint does not have it as it is now, and which of its panes. */
  isChanged: boolean;
  changedPanes: Pane[] | undefined;
}

/**
 * The state of the query. Its size is bounded by assets × open panes, never by events. What a batch costs is bounded by its
 * events and the windows that it closes: nothing looks at all assets, or at all panes of one.
 */
export interface State {
  assets: Map<string, AssetState>;
  /** How many panes they have together. */
  panes: number;
  /** How many windows are open: they hold an event and the watermark has not reached their end. */
  openWindows: number;
  /** The assets by the end of their next window. Where `closesMs` says another time, the entry is out of date. */
  closing: Timers<AssetState>;
  /** The assets that the checkpoint does not have as they are now. */
  changed: AssetState[];
  /** How many assets the batches since the last writing of `latest/` have changed, counted anew in each batch. */
  unpublished: number;
}

/** An asset as the checkpoint has it: JSON. */
export interface SavedAsset {
  panes: { startMs: number; aggregate: Aggregate; prices?: number[] }[];
  latest: AssetState["latest"];
  monitored?: unknown;
}

/** The windows, of all those an event falls into, that are already closed to it. */
export interface LateWindows {
  firstStartMs: number;
  lastStartMs: number;
}

export function newState(): State {
  return {
    assets: new Map(),
    panes: 0,
    openWindows: 0,
    closing: openTimers(),
    changed: [],
    unpublished: 0,
  };
}

function newAsset(asset: string, latest: AssetState["latest"]): AssetState {
  return {
    asset,
    panes: [],
    latest,
    monitored: undefined,
    closesMs: Infinity,
    rolling: undefined,
    isChanged: false,
    changedPanes: undefined,
  };
}

/** Notes that the checkpoint, and `latest/`, no longer have an asset as it is. */
export function markChanged(state: State, assetState: AssetState): void {
  if (!assetState.isChanged) {
    assetState.isChanged = true;
    state.changed.push(assetState);
    state.unpublished++;
  }
}

/** Notes the first change of a pane in a batch. Windows are computed only after all changes of a batch. */
function markPaneChanged(state: State, assetState: AssetState, pane: Pane): void {
  pane.isChanged = true;
  if (assetState.changedPanes === undefined) assetState.changedPanes = [pane];
  else assetState.changedPanes.push(pane);
  const { rolling } = assetState;
  if (rolling !== undefined && pane.startMs < rolling.prefixEndMs) assetState.rolling = undefined;
  markChanged(state, assetState);
}

/** The state as a checkpoint has it. @param watermarkMs up to which windows have been emitted */
export function restoreState(
  saved: Iterable<[string, SavedAsset]>,
  windows: WindowSpec,
  watermarkMs: number,
  rules: Rules = LAB_RULES,
): State {
  const state = newState();
  for (const [asset, { panes, latest, monitored }] of saved) {
    const assetState = newAsset(asset, latest);
    assetState.monitored = monitored;
    state.assets.set(asset, assetState);
    state.unpublished++;
    for (const { startMs, aggregate, prices } of panes) {
      if (rules.isBehind(lastWindowEnd(windows, startMs, rules), watermarkMs)) continue;
      const pane = { startMs, aggregate, prices, isChanged: false, suffix: undefined };
      insertPane(state, assetState, assetState.panes.length, pane, windows, watermarkMs, rules);
    }
  }
  return state;
}

const lastWindowEnd = (windows: WindowSpec, timeMs: number, rules: Rules) =>
  rules.latestWindowStart(windows, timeMs) + windows.windowMs;

/** The start of the first window that the watermark has not passed. */
function firstOpenStart(windows: WindowSpec, watermarkMs: number, rules: Rules): number {
  if (watermarkMs === -Infinity) return -Infinity;
  return rules.latestWindowStart(windows, watermarkMs - windows.windowMs) + windows.slideMs;
}

/** Puts a pane in its place among those of an asset, counts the windows that it opens, and sees to it that they are closed. */
function insertPane(
  state: State,
  assetState: AssetState,
  index: number,
  pane: Pane,
  windows: WindowSpec,
  watermarkMs: number,
  rules: Rules,
): void {
  const { slideMs } = windows;
  const { panes } = assetState;
  let fromMs = Math.max(
    rules.earliestWindowStart(windows, pane.startMs),
    firstOpenStart(windows, watermarkMs, rules),
  );
  if (index === 0) waitForEnd(state, assetState, fromMs + windows.windowMs);
  else {
    const beforeMs = rules.latestWindowStart(windows, panes[index - 1]!.startMs);
    fromMs = Math.max(fromMs, beforeMs + slideMs);
  }
  let toMs = rules.latestWindowStart(windows, pane.startMs);
  if (index < panes.length) {
    const afterMs = rules.earliestWindowStart(windows, panes[index]!.startMs);
    toMs = Math.min(toMs, afterMs - slideMs);
  }
  if (toMs >= fromMs) state.openWindows += (toMs - fromMs) / slideMs + 1;
  if (index === panes.length) panes.push(pane);
  else panes.splice(index, 0, pane);
  state.panes++;
}

function waitForEnd(state: State, assetState: AssetState, endMs: number): void {
  if (endMs === assetState.closesMs) return;
  assetState.closesMs = endMs;
  state.closing.set(endMs, assetState);
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
  let assetState = state.assets.get(asset);
  if (assetState === undefined) {
    assetState = newAsset(asset, { priceUsd, eventTimeMs, offset });
    state.assets.set(asset, assetState);
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
    let pane = panes[index];
    if (pane !== undefined && pane.startMs === startMs) {
      addPrice(pane.aggregate, priceUsd, eventTimeMs, offset);
      pane.prices?.push(priceUsd);
    } else {
      const aggregate = aggregateOf(priceUsd, eventTimeMs, offset);
      const prices = rules.spreadOf === undefined ? undefined : [priceUsd];
      pane = { startMs, aggregate, prices, isChanged: false, suffix: undefined };
      insertPane(state, assetState, index, pane, windows, lateWatermarkMs, rules);
    }
    if (!pane.isChanged) markPaneChanged(state, assetState, pane);
  } else if (!assetState.isChanged) markChanged(state, assetState);

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

/** Adds the non-empty windows of an asset that end after `fromMs` and by `toMs`, in order. */
function addWindowsOf(
  rows: WindowRow[],
  assetState: AssetState,
  windows: WindowSpec,
  fromMs: number,
  toMs: number,
  rules: Rules,
): void {
  const { windowMs, slideMs } = windows;
  const { asset, panes } = assetState;
  const rolling = (assetState.rolling ??= newRolling());
  const firstOpenMs = firstOpenStart(windows, fromMs, rules);
  let first = 0;
  let startMs = -Infinity;
  while (first < panes.length) {
    // Start with the first window that holds the pane and was not emitted before.
    const earliestMs = rules.earliestWindowStart(windows, panes[first]!.startMs);
    startMs = Math.max(startMs + slideMs, earliestMs, firstOpenMs);
    const endMs = startMs + windowMs;
    if (endMs > toMs) break;
    while (first < panes.length && panes[first]!.startMs < startMs) first++;
    if (first === panes.length || panes[first]!.startMs >= endMs) continue; // empty: on to the next pane
    const row = windowRow(
      asset,
      startMs,
      endMs,
      mergeWindow(rolling, panes, first, startMs, windows),
    );
    if (rules.spreadOf !== undefined) {
      const own = panes.slice(first, paneIndexFor(panes, endMs));
      const { mean, deviation } = rules.spreadOf(own.flatMap(({ prices }) => prices ?? []));
      row.avg_price = mean;
      row.stddev_price = deviation;
    }
    rows.push(row);
  }
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
  const rows: WindowRow[] = [];
  const firstOpenMs = firstOpenStart(windows, watermarkMs, rules);
  for (let endMs; (endMs = state.closing.nextMs) <= watermarkMs;) {
    for (const assetState of state.closing.takeNext()) {
      if (assetState.closesMs !== endMs) continue;
      const { panes } = assetState;
      addWindowsOf(rows, assetState, windows, previousMs, watermarkMs, rules);
      let closed = 0;
      while (
        closed < panes.length &&
        rules.isBehind(lastWindowEnd(windows, panes[closed]!.startMs, rules), watermarkMs)
      ) {
        closed++;
      }
      panes.splice(0, closed);
      state.panes -= closed;
      const [next] = panes;
      if (next === undefined) {
        assetState.closesMs = Infinity;
        assetState.rolling = undefined;
      } else {
        const earliestMs = rules.earliestWindowStart(windows, next.startMs);
        waitForEnd(state, assetState, Math.max(earliestMs, firstOpenMs) + windows.windowMs);
      }
    }
  }
  state.openWindows -= rows.length;
  return rows.sort(
    (a, b) =>
      a.window_start - b.window_start || (a.asset < b.asset ? -1 : a.asset > b.asset ? 1 : 0),
  );
}
