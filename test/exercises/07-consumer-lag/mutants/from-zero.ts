// Records that were removed do not wait.

export interface Place {
  begin: number;
  end: number;
  committed: number | null;
}

export function totalLag(places: readonly Place[]): number {
  return places.reduce((sum, { begin, end, committed }) => {
    const next = committed ?? 0;
    return sum + Math.max(0, end - next);
  }, 0);
}
