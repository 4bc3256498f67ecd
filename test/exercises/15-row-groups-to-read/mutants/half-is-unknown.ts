// One of the two may be enough.

export interface Statistics {
  min: number | null;
  max: number | null;
}

export function rowGroupsToRead(groups: readonly Statistics[], from: number, to: number): number[] {
  return groups.flatMap(({ min, max }, index) => {
    const isBelow = max !== null && min !== null && max < from;
    const isAbove = max !== null && min !== null && min > to;
    return isBelow || isAbove ? [] : [index];
  });
}
