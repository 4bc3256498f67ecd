// A committed offset of 0 is one.

export interface Place {
  begin: number;
  end: number;
  committed: number | null;
}

export function totalLag(places: readonly Place[]): number {
  return places.reduce((sum, { begin, end, committed }) => {
    const next = Math.max(committed || end, begin);
    return sum + Math.max(0, end - next);
  }, 0);
}
