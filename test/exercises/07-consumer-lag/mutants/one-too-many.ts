// The committed offset is the next one, not the last one.

export interface Place {
  begin: number;
  end: number;
  committed: number | null;
}

export function totalLag(places: readonly Place[]): number {
  return places.reduce((sum, { begin, end, committed }) => {
    const next = Math.max(committed ?? begin, begin);
    return sum + Math.max(0, end - next + 1);
  }, 0);
}
