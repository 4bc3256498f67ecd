import type { WindowRow } from "../../labs/store/products.js";

// The rule of labs/README.md ("What the engine promises") in the plainest words: every event is kept, every window is checked
// one by one, every aggregate is computed from its list of events. Slow, and obviously right.

export interface ReferenceEvent {
  asset: string;
  priceUsd: number;
  eventTimeMs: number;
  offset: number;
}

export interface ReferenceBatch {
  /** By start, then by asset. */
  windows: WindowRow[];
  droppedRows: number;
}

/** Every start of a window that holds a time, found by trying them all. */
function startsOf(timeMs: number, windowMs: number, slideMs: number): number[] {
  const starts: number[] = [];
  const some = Math.floor(timeMs / slideMs) * slideMs;
  for (let start = some - 2 * windowMs - slideMs; start <= some + slideMs; start++) {
    if (start % slideMs === 0 && start <= timeMs && timeMs < start + windowMs) starts.push(start);
  }
  return starts;
}

function aggregate(asset: string, start: number, end: number, events: ReferenceEvent[]) {
  const inOrder = [...events].sort((a, b) => a.eventTimeMs - b.eventTimeMs || a.offset - b.offset);
  const prices = inOrder.map(({ priceUsd }) => priceUsd);
  const count = prices.length;
  const average = prices.reduce((sum, price) => sum + price, 0) / count;
  const squares = prices.reduce((sum, price) => sum + (price - average) ** 2, 0);
  const first = prices[0]!;
  const last = prices[count - 1]!;
  return {
    asset,
    window_start: start,
    window_end: end,
    count,
    avg_price: average,
    stddev_price: count === 1 ? null : Math.sqrt(squares / (count - 1)),
    min_price: Math.min(...prices),
    max_price: Math.max(...prices),
    first_price: first,
    last_price: last,
    pct_change: ((last - first) / first) * 100,
  };
}

/**
 * What each batch must emit and drop. Where the last batch moves the watermark, one more without data
 * follows, and is the last of the answer.
 */
export function reference(
  batches: ReferenceEvent[][],
  windowMs: number,
  slideMs: number,
  delayMs: number,
): ReferenceBatch[] {
  /** W(N): the latest event time in all batches before N, less the delay. */
  function watermark(batchId: number): number {
    const before = batches.slice(0, Math.max(0, batchId)).flat();
    return Math.max(-Infinity, ...before.map(({ eventTimeMs }) => eventTimeMs)) - delayMs;
  }
  const open = new Map<string, { asset: string; start: number; events: ReferenceEvent[] }>();
  const results: ReferenceBatch[] = [];
  const withoutData = watermark(batches.length) > watermark(batches.length - 1) ? [[]] : [];
  for (const [batchId, events] of [...batches, ...withoutData].entries()) {
    const dropped = new Set<string>();
    for (const event of events) {
      for (const start of startsOf(event.eventTimeMs, windowMs, slideMs)) {
        const key = `${start} ${event.asset}`;
        if (start + windowMs <= watermark(batchId - 1)) {
          dropped.add(key);
          continue;
        }
        if (!open.has(key)) open.set(key, { asset: event.asset, start, events: [] });
        open.get(key)!.events.push(event);
      }
    }
    const windows: WindowRow[] = [];
    for (const [key, { asset, start, events: inWindow }] of open) {
      if (start + windowMs > watermark(batchId)) continue;
      windows.push(aggregate(asset, start, start + windowMs, inWindow));
      open.delete(key);
    }
    windows.sort(
      (a, b) =>
        a.window_start - b.window_start || (a.asset < b.asset ? -1 : a.asset > b.asset ? 1 : 0),
    );
    results.push({ windows, droppedRows: dropped.size });
  }
  return results;
}
