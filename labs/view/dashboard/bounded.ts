export type BoundedList<T> = ReturnType<typeof boundedList<T>>;

/** A list that keeps the last `limit` values and tracks which of them are new. */
export function boundedList<T>(limit: number) {
  const values: T[] = [];
  let added = 0;
  return {
    /** Oldest first. */
    values,
    add(value: T): void {
      values.push(value);
      if (values.length > limit) values.shift();
      added = Math.min(added + 1, limit);
    },
    /** The values added since the last call, except those already dropped. */
    takeNew(): T[] {
      const taken = values.slice(values.length - added);
      added = 0;
      return taken;
    },
  };
}
