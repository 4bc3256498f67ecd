/** An event of one asset within a window. */
export interface Trade {
  eventTimeMs: number;
  /** The record's place in its partition. */
  offset: number;
  priceUsd: number;
}

/**
 * By how many percent the price has changed within a window: (last − first) / first × 100.
 *
 * First and last are by event time; of events with the same time the one with the smaller offset is the earlier. The events
 * come in no order.
 *
 * @returns percent; null where there is no event, and 0 where there is one
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
