export type Thinned<T> = ReturnType<typeof thin<T>>;

/**
 * Keeps an evenly spaced sample of a stream of values, at most `limit` of them: each time there are more, it drops every second
 * one.
 */
export function thin<T>(limit: number) {
  let seen = 0;
  const kept = {
    /** Every `stride`-th value, in order; with stride 1 all of them. */
    values: [] as T[],
    stride: 1,
    add(value: T): void {
      if (seen++ % kept.stride !== 0) return;
      kept.values.push(value);
      if (kept.values.length <= limit) return;
      kept.values = kept.values.filter((_, index) => index % 2 === 0);
      kept.stride *= 2;
    },
  };
  return kept;
}
