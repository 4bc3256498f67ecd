/** An event of one asset within a window. */
export interface Trade {
  eventTimeMs: number;
  /** The record's offset in its partition. */
  offset: number;
  priceUsd: number;
}

/**
 * The percentage change of the price within a window: (last − first) / first × 100.
 *
 * First and last are determined by event time; of events with the same time, the one with the smaller offset is earlier. The
 * events are in no particular order.
 *
 * @returns percent; null if there is no event, 0 if there is one
 */
export function percentageChange(trades: readonly Trade[]): number | null {
  const isBefore = (a: Trade, b: Trade) =>
    a.eventTimeMs < b.eventTimeMs || (a.eventTimeMs === b.eventTimeMs && a.offset < b.offset);
  let [first] = trades;
  let last = first;
  for (const trade of trades) {
    if (isBefore(trade, first!)) first = trade;
    if (isBefore(last!, trade)) last = trade;
  }
  if (first === undefined || last === undefined) return null;
  return ((last.priceUsd - first.priceUsd) / first.priceUsd) * 100;
}
