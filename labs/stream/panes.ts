import {
  restoredAggregate,
  savedAggregate,
  type Aggregate,
  type SavedAggregate,
} from "./aggregate.js";
import type { Parts } from "./operator.js";

/** The events of a period in which no window starts or ends. */
export interface Pane {
  startMs: number;
  aggregate: Aggregate;
  /** All prices, if they are needed (see `Semantics.spreadOf`). */
  prices: number[] | undefined;
  /** Whether it has changed since the last checkpoint. */
  isChanged: boolean;
  /** The merged panes from this one to the end of its block; computed when a window needs it. */
  suffix: Aggregate | undefined;
}

/**
 * A pane in the checkpoint's format: its values without their names, which would double the size of the state and the time
 * to write it.
 */
type SavedPane = [startMs: number, aggregate: SavedAggregate, prices?: number[]];
/** A pane as earlier versions of the lab saved it. */
type NamedPane = { startMs: number; aggregate: Aggregate; prices?: number[] };
/** Panes in the checkpoint's format. */
export type SavedPanes = (SavedPane | NamedPane)[];

const startOf = (saved: SavedPane | NamedPane) => (Array.isArray(saved) ? saved[0] : saved.startMs);

/** The pane that was saved. */
export function restoredPane(saved: SavedPane | NamedPane): Pane {
  const { startMs, aggregate, prices } = Array.isArray(saved)
    ? { startMs: saved[0], aggregate: restoredAggregate(saved[1]), prices: saved[2] }
    : saved;
  return { startMs, aggregate, prices, isChanged: false, suffix: undefined };
}

/** The open panes of an asset, by start. */
export interface Panes {
  panes: Pane[];
  /** The panes that have changed since the last checkpoint. */
  changedPanes: Pane[] | undefined;
}

/** The index of the first pane that starts at or after a time. Checks the last pane first, where most events belong. */
export function paneIndexFor(panes: readonly Pane[], startMs: number): number {
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

/** How panes are saved to the checkpoint. @param count the number of panes of all assets together */
export function savedByPane(count: () => number): Parts<Panes, SavedPanes, Pane> {
  return {
    count,
    takeChanged(state) {
      const changed = state.changedPanes ?? [];
      for (const pane of changed) pane.isChanged = false;
      state.changedPanes = undefined;
      return changed;
    },
    // Evicted panes precede all remaining ones. Sorted, because late events change panes out of order.
    present({ panes }, some) {
      const firstMs = panes[0]?.startMs ?? Infinity;
      return some.filter(({ startMs }) => startMs >= firstMs).sort((a, b) => a.startMs - b.startMs);
    },
    save: (panes) =>
      panes.map(({ startMs, aggregate, prices }) =>
        prices === undefined
          ? [startMs, savedAggregate(aggregate)]
          : [startMs, savedAggregate(aggregate), prices],
      ),
    merge(earlier, later) {
      const merged: SavedPanes = [];
      let index = 0;
      for (const pane of later) {
        const startMs = startOf(pane);
        while (index < earlier.length && startOf(earlier[index]!) < startMs) {
          merged.push(earlier[index++]!);
        }
        if (index < earlier.length && startOf(earlier[index]!) === startMs) index++;
        merged.push(pane);
      }
      return merged.concat(earlier.slice(index));
    },
  };
}
