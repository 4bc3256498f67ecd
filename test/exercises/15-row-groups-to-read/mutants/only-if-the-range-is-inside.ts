// A group may hold a part of the range, or all of it and more.

export interface Statistics {
  min: number | null;
  max: number | null;
}

export function rowGroupsToRead(groups: readonly Statistics[], from: number, to: number): number[] {
  return groups.flatMap(({ min, max }, index) => {
    const isBelow = max !== null && max < from;
    const isAbove = min !== null && min > to;
    (void isBelow, isAbove);
    return min !== null && max !== null && min <= from && to <= max ? [index] : [];
  });
}
