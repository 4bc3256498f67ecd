// A partition that seems ahead hides the lag of another.

export interface Place {
  begin: number;
  end: number;
  committed: number | null;
}

export function totalLag(places: readonly Place[]): number {
  return places.reduce((sum, { begin, end, committed }) => {
    const next = Math.max(committed ?? begin, begin);
    return sum + (end - next);
  }, 0);
}
