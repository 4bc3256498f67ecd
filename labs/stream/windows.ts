import type { WindowRow } from "../store/products.js";
import { addPrice, aggregateOf, sampleDeviation, type Aggregate } from "./aggregate.js";
import type { Operator } from "./operator.js";
import {
  paneIndexFor,
  restoredPane,
  savedByPane,
  type Pane,
  type Panes,
  type SavedPanes,
} from "./panes.js";
import { mergeWindow, newRolling, type Rolling } from "./rolling.js";
import { LAB_SEMANTICS, type Semantics } from "./semantics.js";
import { openTimers } from "./timers.js";
import { paneStart, type WindowSpec } from "./window.js";

/** The state of an asset. */
interface AssetWindows extends Panes {
  asset: string;
  /** When its next window ends; Infinity if none is open. */
  closesMs: number;
  /** Undefined before the first window is computed, and after a late event has changed panes that are already merged. */
  rolling: Rolling | undefined;
}

/** Aggregates prices by windows. */
export interface WindowOperator extends Operator<AssetWindows, SavedPanes, Pane> {
  /** The number of open windows: those with an event whose end the watermark has not reached. */
  openWindows(): number;
}

/**
 * Aggregates prices by event-time windows, in append mode: a window is emitted once, when the watermark has passed its end
 * (Spark guide, "Window Operations on Event Time"). Emits `windows/` and `changes/`: the windows that change by at least
 * the threshold, in percent.
 *
 * The state holds panes, not windows, so the cost of an event does not depend on how many windows hold it. The size of the
 * state is bounded by assets × open panes, never by events.
 */
export function aggregateByWindow(
  windows: WindowSpec,
  changeThreshold: number,
  semantics: Semantics = LAB_SEMANTICS,
): WindowOperator {
  const { windowMs, slideMs } = windows;
  const { earliestWindowStart, latestWindowStart, isBehind, spreadOf } = semantics;
  /** The last window that the watermark has passed: this window and those before it are closed to events. */
  let closedStartMs = -Infinity;
  let closedEndMs = -Infinity;
  let paneCount = 0;
  let openWindows = 0;
  /** The assets by the end of their next window. An entry whose time differs from `closesMs` is outdated. */
  const closing = openTimers<AssetWindows>();
  let lateEvents = 0;
  /** The (asset, window) pairs that late events of this batch were dropped from. */
  const droppedRows = new Set<string>();

  function setWatermark(watermarkMs: number | null): void {
    if (watermarkMs === null) return;
    closedStartMs = latestWindowStart(windows, watermarkMs - windowMs);
    if (!isBehind(closedStartMs + windowMs, watermarkMs)) closedStartMs -= slideMs;
    closedEndMs = closedStartMs + windowMs;
  }

  const newWindows = (asset: string): AssetWindows => ({
    asset,
    panes: [],
    changedPanes: undefined,
    closesMs: Infinity,
    rolling: undefined,
  });

  /** Inserts a pane, counts the windows that it opens, and schedules their closing. */
  function insertPane(state: AssetWindows, index: number, pane: Pane): void {
    const { panes } = state;
    let fromMs = Math.max(earliestWindowStart(windows, pane.startMs), closedStartMs + slideMs);
    if (index === 0) awaitEnd(state, fromMs + windowMs);
    else {
      const beforeMs = latestWindowStart(windows, panes[index - 1]!.startMs);
      fromMs = Math.max(fromMs, beforeMs + slideMs);
    }
    let toMs = latestWindowStart(windows, pane.startMs);
    if (index < panes.length) {
      const afterMs = earliestWindowStart(windows, panes[index]!.startMs);
      toMs = Math.min(toMs, afterMs - slideMs);
    }
    if (toMs >= fromMs) openWindows += (toMs - fromMs) / slideMs + 1;
    if (index === panes.length) panes.push(pane);
    else panes.splice(index, 0, pane);
    paneCount++;
  }

  function awaitEnd(state: AssetWindows, endMs: number): void {
    if (endMs === state.closesMs) return;
    state.closesMs = endMs;
    closing.set(endMs, state);
  }

  /** Records the first change of a pane in a batch. Windows are computed only after all changes of the batch. */
  function markPaneChanged(state: AssetWindows, pane: Pane): void {
    pane.isChanged = true;
    if (state.changedPanes === undefined) state.changedPanes = [pane];
    else state.changedPanes.push(pane);
    const { rolling } = state;
    if (rolling !== undefined && pane.startMs < rolling.prefixEndMs) state.rolling = undefined;
  }

  /** Records the closed windows that a late event is dropped from. */
  function noteLate(asset: string, timeMs: number): void {
    lateEvents++;
    const lastMs = Math.min(latestWindowStart(windows, timeMs), closedStartMs);
    for (let start = earliestWindowStart(windows, timeMs); start <= lastMs; start += slideMs) {
      droppedRows.add(`${start} ${asset}`);
    }
  }

  /** Adds the rows of an asset's newly final windows, by start, without empty windows. */
  function addFinalWindows(
    rows: Map<number, WindowRow[]>,
    state: AssetWindows,
    previousStartMs: number,
  ): void {
    const { asset, panes } = state;
    const rolling = (state.rolling ??= newRolling());
    let first = 0;
    let startMs = -Infinity;
    while (first < panes.length) {
      const earliestMs = earliestWindowStart(windows, panes[first]!.startMs);
      startMs = Math.max(startMs + slideMs, earliestMs, previousStartMs + slideMs);
      if (startMs > closedStartMs) break;
      const endMs = startMs + windowMs;
      while (first < panes.length && panes[first]!.startMs < startMs) first++;
      if (first === panes.length || panes[first]!.startMs >= endMs) continue; // an empty window: skip to the next pane
      const row = rowOf(
        asset,
        startMs,
        endMs,
        mergeWindow(rolling, panes, first, startMs, windows),
      );
      if (spreadOf !== undefined) {
        const own = panes.slice(first, paneIndexFor(panes, endMs));
        const { mean, deviation } = spreadOf(own.flatMap(({ prices }) => prices ?? []));
        row.avg_price = mean;
        row.stddev_price = deviation;
      }
      const same = rows.get(startMs);
      if (same === undefined) rows.set(startMs, [row]);
      else same.push(row);
    }
  }

  /** Removes the panes that no open window needs. */
  function evict(state: AssetWindows): void {
    const { panes } = state;
    let count = 0;
    while (
      count < panes.length &&
      latestWindowStart(windows, panes[count]!.startMs) <= closedStartMs
    ) {
      count++;
    }
    panes.splice(0, count);
    paneCount -= count;
    const [next] = panes;
    if (next === undefined) {
      state.closesMs = Infinity;
      state.rolling = undefined;
    } else {
      const earliestMs = earliestWindowStart(windows, next.startMs);
      awaitEnd(state, Math.max(earliestMs, closedStartMs + slideMs) + windowMs);
    }
  }

  const parts = savedByPane(() => paneCount);
  return {
    name: "panes",
    open: (_assets, watermarkMs) => setWatermark(watermarkMs),
    newState: ({ asset }) => newWindows(asset),

    add(state, { asset, priceUsd, eventTimeMs }, { offset }) {
      const { panes } = state;
      const startMs = paneStart(windows, eventTimeMs);
      const index = paneIndexFor(panes, startMs);
      let pane = panes[index];
      // An existing pane belongs to an open window. Its closed windows are already emitted, so it may take the event.
      if (pane !== undefined && pane.startMs === startMs) {
        addPrice(pane.aggregate, priceUsd, eventTimeMs, offset);
        pane.prices?.push(priceUsd);
        if (!pane.isChanged) markPaneChanged(state, pane);
      } else if (latestWindowStart(windows, eventTimeMs) > closedStartMs) {
        const aggregate = aggregateOf(priceUsd, eventTimeMs, offset);
        const prices = spreadOf === undefined ? undefined : [priceUsd];
        pane = { startMs, aggregate, prices, isChanged: false, suffix: undefined };
        insertPane(state, index, pane);
        markPaneChanged(state, pane);
      }
      if (eventTimeMs < closedEndMs) noteLate(asset, eventTimeMs);
    },

    endBatch({ watermarkMs }, output) {
      const previousStartMs = closedStartMs;
      setWatermark(watermarkMs);
      const due: AssetWindows[] = [];
      for (let endMs; (endMs = closing.nextMs) <= closedEndMs;) {
        for (const state of closing.takeNext()) {
          if (state.closesMs !== endMs) continue;
          state.closesMs = Infinity; // until it is evicted: it may have another entry for this time
          due.push(state);
        }
      }
      // Ordered by start, then by asset. Sorting the assets and then the starts is faster than sorting the rows: there may be
      // thousands of rows of one asset, or of one start.
      due.sort((a, b) => (a.asset < b.asset ? -1 : 1));
      const byStart = new Map<number, WindowRow[]>();
      for (const state of due) {
        addFinalWindows(byStart, state, previousStartMs);
        evict(state);
      }
      const starts = [...byStart.keys()].sort((a, b) => a - b);
      const rows = starts.flatMap((startMs) => byStart.get(startMs)!);
      openWindows -= rows.length;
      output.windows = rows;
      output.changes = rows.filter(({ pct_change }) => Math.abs(pct_change) >= changeThreshold);
      const counts = {
        windows: rows.length,
        changes: output.changes.length,
        lateEvents,
        droppedRows: droppedRows.size,
      };
      lateEvents = 0;
      droppedRows.clear();
      return counts;
    },

    save: ({ panes }) => parts.save(panes),
    restore(asset, saved) {
      const state = newWindows(asset);
      for (const pane of saved.map(restoredPane)) {
        if (latestWindowStart(windows, pane.startMs) <= closedStartMs) continue; // evicted since it was saved
        insertPane(state, state.panes.length, pane);
      }
      return state;
    },
    parts,
    openWindows: () => openWindows,
  };
}

function rowOf(asset: string, startMs: number, endMs: number, aggregate: Aggregate): WindowRow {
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
