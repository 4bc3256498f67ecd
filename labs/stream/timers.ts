/**
 * Items that wait for a time, such as an asset that waits for the end of its next window (Flink, too, calls them timers).
 * Finding the due items does not require visiting the others.
 */
export interface Timers<T> {
  set(timeMs: number, item: T): void;
  /** The earliest time that an item waits for; Infinity if there are no items. */
  readonly nextMs: number;
  /** Removes and returns the items with the earliest time, in the order in which they were set. */
  takeNext(): T[];
}

/** Many items share a time, so there is one list per time and a binary heap of times: a new time costs O(log times). */
export function openTimers<T>(): Timers<T> {
  const itemsAt = new Map<number, T[]>();
  const heap: number[] = []; // no time is earlier than its parent, at (index − 1) / 2

  function push(timeMs: number): void {
    let index = heap.push(timeMs) - 1;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (heap[parent]! <= timeMs) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = timeMs;
  }

  function removeFirst(): void {
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
      if (child >= heap.length || heap[child]! >= last) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
  }

  return {
    set(timeMs, item) {
      const items = itemsAt.get(timeMs);
      if (items !== undefined) {
        items.push(item);
        return;
      }
      itemsAt.set(timeMs, [item]);
      push(timeMs);
    },
    get nextMs() {
      return heap[0] ?? Infinity;
    },
    takeNext() {
      const timeMs = heap[0];
      if (timeMs === undefined) return [];
      removeFirst();
      const items = itemsAt.get(timeMs)!;
      itemsAt.delete(timeMs);
      return items;
    },
  };
}
