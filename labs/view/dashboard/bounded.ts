/** A list of the most recent values that tracks which of them are new. */
export interface BoundedList<T> {
  /** Oldest first. */
  readonly values: T[];
  add(value: T): void;
  /** The values added since the last call, except those already dropped. */
  takeNew(): T[];
}

/** An empty list that keeps the last `limit` values. */
export function boundedList<T>(limit: number): BoundedList<T> {
  const values: T[] = [];
  let added = 0;
  return {
    values,
    add(value) {
      values.push(value);
      if (values.length > limit) values.shift();
      added = Math.min(added + 1, limit);
    },
    takeNew() {
      const taken = values.slice(values.length - added);
      added = 0;
      return taken;
    },
  };
}
