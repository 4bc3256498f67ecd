type Row = Record<string, unknown>;

const CLOSE = 1e-9;

/** Whether two values are equal, except for rounding errors of sums. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== "number" || typeof other !== "number") return one === other;
  return Math.abs(one - other) <= CLOSE * Math.max(1, Math.abs(one), Math.abs(other));
}

/**
 * Compares the rows of a product from two runs, in any order.
 *
 * @param key the columns that identify a row
 * @returns the rows of the first run that the second run also has, equal in every column
 */
export function agreeingRows<R extends object>(
  rows: readonly R[],
  others: readonly R[],
  key: readonly (keyof R)[],
): R[] {
  const nameOf = (row: R) => JSON.stringify(key.map((column) => row[column]));
  const byName = new Map(others.map((row) => [nameOf(row), row]));
  return rows.filter((row) => {
    const other = byName.get(nameOf(row)) as Row | undefined;
    return (
      other !== undefined &&
      Object.entries(row).every(([name, value]) => isSame(value, other[name]))
    );
  });
}
