// A least value of 0 is a value.

export interface Statistics {
  min: number | null;
  max: number | null;
}

export function rowGroupsToRead(groups: readonly Statistics[], from: number, to: number): number[] {
  return groups.flatMap(({ min, max }, index) => {
    const isBelow = max !== null && max < from;
    const isAbove = min && min > to;
    return isBelow || isAbove ? [] : [index];
  });
}
