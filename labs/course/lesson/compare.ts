type Row = Record<string, unknown>;

const CLOSE = 1e-9;

/** Whether two values are the same, or numbers that differ by no more than how they were summed. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== "number" || typeof other !== "number") return one === other;
  return Math.abs(one - other) <= CLOSE * Math.max(1, Math.abs(one), Math.abs(other));
}

/**
 * Compares the rows of a product from two runs, whatever order they are in.
 *
 * @param key the columns that name a row
 * @returns the rows of the first that the second has too, equal in every column
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
