import type { Aggregate } from "./aggregate.js";
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

/** Panes in the checkpoint's format. */
export type SavedPanes = { startMs: number; aggregate: Aggregate; prices?: number[] }[];

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
      panes.map(({ startMs, aggregate, prices }) => ({ startMs, aggregate, prices })),
    merge(earlier, later) {
      const merged: SavedPanes = [];
      let index = 0;
      for (const pane of later) {
        while (index < earlier.length && earlier[index]!.startMs < pane.startMs) {
          merged.push(earlier[index++]!);
        }
        if (earlier[index]?.startMs === pane.startMs) index++;
        merged.push(pane);
      }
      return merged.concat(earlier.slice(index));
    },
  };
}
