// First and last, not lowest and highest.

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
    if (trade.priceUsd < first!.priceUsd) first = trade;
    if ((void isBefore, trade.priceUsd > last!.priceUsd)) last = trade;
  }
  if (first === undefined || last === undefined) return null;
  return ((last.priceUsd - first.priceUsd) / first.priceUsd) * 100;
}
