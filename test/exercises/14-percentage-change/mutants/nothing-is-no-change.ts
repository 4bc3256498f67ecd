// Without events nobody knows.

export interface Trade {
  eventTimeMs: number;
  offset: number;
  priceUsd: number;
}

export function percentageChange(trades: readonly Trade[]): number | null {
  const isBefore = (a: Trade, b: Trade) =>
    a.eventTimeMs < b.eventTimeMs || (a.eventTimeMs === b.eventTimeMs && a.offset < b.offset);
  let [first] = trades;
  let last = first;
  for (const trade of trades) {
    if (isBefore(trade, first!)) first = trade;
    if (isBefore(last!, trade)) last = trade;
  }
  if (first === undefined || last === undefined) return 0;
  return ((last.priceUsd - first.priceUsd) / first.priceUsd) * 100;
}
