/** A summary of any number of prices, of constant size. Two summaries can be merged. */
export interface Aggregate {
  count: number;
  mean: number;
  /** Sum of squared differences from the mean. */
  squares: number;
  min: number;
  max: number;
  /** The earliest and the latest event by (event time, offset). */
  firstTimeMs: number;
  firstOffset: number;
  firstPrice: number;
  lastTimeMs: number;
  lastOffset: number;
  lastPrice: number;
}

/** The values of an aggregate, as the checkpoint stores them: those of a single price, or all. */
export type SavedAggregate = SavedPrice | SavedValues;
type SavedPrice = [price: number, timeMs: number, offset: number];
type SavedValues = [
  count: number,
  mean: number,
  squares: number,
  min: number,
  max: number,
  firstTimeMs: number,
  firstOffset: number,
  firstPrice: number,
  lastTimeMs: number,
  lastOffset: number,
  lastPrice: number,
];

export function savedAggregate(aggregate: Aggregate): SavedAggregate {
  const { count, mean, squares, min, max } = aggregate;
  // With short panes most hold one price: then most of the eleven values would repeat it.
  if (count === 1) return [mean, aggregate.firstTimeMs, aggregate.firstOffset];
  const { firstTimeMs, firstOffset, firstPrice, lastTimeMs, lastOffset, lastPrice } = aggregate;
  const first = [firstTimeMs, firstOffset, firstPrice] as const;
  return [count, mean, squares, min, max, ...first, lastTimeMs, lastOffset, lastPrice];
}

export function restoredAggregate(saved: SavedAggregate): Aggregate {
  if (saved.length === 3) return aggregateOf(...saved);
  const [count, mean, squares, min, max, ...ends] = saved;
  const [firstTimeMs, firstOffset, firstPrice, lastTimeMs, lastOffset, lastPrice] = ends;
  const first = { firstTimeMs, firstOffset, firstPrice };
  return { count, mean, squares, min, max, ...first, lastTimeMs, lastOffset, lastPrice };
}

/** The aggregate of a single price. */
export function aggregateOf(price: number, timeMs: number, offset: number): Aggregate {
  return {
    count: 1,
    mean: price,
    squares: 0,
    min: price,
    max: price,
    firstTimeMs: timeMs,
    firstOffset: offset,
    firstPrice: price,
    lastTimeMs: timeMs,
    lastOffset: offset,
    lastPrice: price,
  };
}

/**
 * Adds a price to an aggregate in place. Updates mean and squares by Welford's method, which stays accurate where
 * "sum of squares minus square of the sum" suffers cancellation (Knuth, TAOCP 2, 4.2.2).
 */
export function addPrice(
  aggregate: Aggregate,
  price: number,
  timeMs: number,
  offset: number,
): void {
  aggregate.count++;
  const difference = price - aggregate.mean;
  aggregate.mean += difference / aggregate.count;
  aggregate.squares += difference * (price - aggregate.mean);
  if (price < aggregate.min) aggregate.min = price;
  if (price > aggregate.max) aggregate.max = price;
  if (isBefore(timeMs, offset, aggregate.firstTimeMs, aggregate.firstOffset)) {
    aggregate.firstTimeMs = timeMs;
    aggregate.firstOffset = offset;
    aggregate.firstPrice = price;
  }
  if (isBefore(aggregate.lastTimeMs, aggregate.lastOffset, timeMs, offset)) {
    aggregate.lastTimeMs = timeMs;
    aggregate.lastOffset = offset;
    aggregate.lastPrice = price;
  }
}

/**
 * Merges the aggregates of two periods, the earlier one first. Mean and squares: Chan, Golub and LeVeque, "Updating
 * formulae and a pairwise algorithm for computing sample variances" (1979).
 */
export function mergeAggregates(earlier: Aggregate, later: Aggregate): Aggregate {
  const count = earlier.count + later.count;
  const difference = later.mean - earlier.mean;
  return {
    count,
    mean: earlier.mean + (difference * later.count) / count,
    squares:
      earlier.squares +
      later.squares +
      difference * difference * ((earlier.count * later.count) / count),
    min: Math.min(earlier.min, later.min),
    max: Math.max(earlier.max, later.max),
    firstTimeMs: earlier.firstTimeMs,
    firstOffset: earlier.firstOffset,
    firstPrice: earlier.firstPrice,
    lastTimeMs: later.lastTimeMs,
    lastOffset: later.lastOffset,
    lastPrice: later.lastPrice,
  };
}

/** Sample standard deviation (divisor n − 1), like Spark's `stddev`; null for a single price. */
export function sampleDeviation({ count, squares }: Aggregate): number | null {
  return count > 1 ? Math.sqrt(squares / (count - 1)) : null;
}

/** Whether the first of two events comes first by (event time, offset). */
export function isBefore(
  timeMs: number,
  offset: number,
  otherTimeMs: number,
  otherOffset: number,
): boolean {
  return timeMs < otherTimeMs || (timeMs === otherTimeMs && offset < otherOffset);
}
