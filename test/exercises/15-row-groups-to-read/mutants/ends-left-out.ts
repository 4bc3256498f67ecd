// Both ends belong to the range.

export interface Statistics {
  min: number | null;
  max: number | null;
}

export function rowGroupsToRead(groups: readonly Statistics[], from: number, to: number): number[] {
  return groups.flatMap(({ min, max }, index) => {
    const isBelow = max !== null && max <= from;
    const isAbove = min !== null && min >= to;
    return isBelow || isAbove ? [] : [index];
  });
}
