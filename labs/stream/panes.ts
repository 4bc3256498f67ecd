import type { Aggregate } from "./aggregate.js";
import type { Parts } from "./operator.js";

/** The events of one stretch of time that no window's edge cuts. */
export interface Pane {
  startMs: number;
  aggregate: Aggregate;
  /** All prices, where they are asked for (see `Semantics.spreadOf`). */
  prices: number[] | undefined;
  /** Whether the checkpoint does not have it as it is now. */
  isChanged: boolean;
  /** The panes from this one to the end of its block, merged; where windows have needed it. */
  suffix: Aggregate | undefined;
}

/** As the checkpoint has them. */
export type SavedPanes = { startMs: number; aggregate: Aggregate; prices?: number[] }[];

/** The open panes of an asset, by start. */
export interface Panes {
  panes: Pane[];
  /** Those that the checkpoint does not have as they are now. */
  changedPanes: Pane[] | undefined;
}

/** The index of the first pane that starts at a time or later. Late events search backwards. */
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

/** Panes in the checkpoint. @param count how many all assets have together */
export function savedByPane(count: () => number): Parts<Panes, SavedPanes, Pane> {
  return {
    count,
    takeChanged(state) {
      const changed = state.changedPanes ?? [];
      for (const pane of changed) pane.isChanged = false;
      state.changedPanes = undefined;
      return changed;
    },
    // Panes that have been evicted stood before all that are left. Late events change panes in another order.
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
