// The commit is older than the oldest record.

export interface Place {
  begin: number;
  end: number;
  committed: number | null;
}

export function totalLag(places: readonly Place[]): number {
  return places.reduce((sum, { begin, end, committed }) => {
    const next = committed ?? begin;
    return sum + Math.max(0, end - next);
  }, 0);
}
