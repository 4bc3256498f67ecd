/** Keeps an evenly spaced sample of a stream of values in bounded memory. */
export interface Thinned<T> {
  add(value: T): void;
  /** Every `stride`-th value, in order; with stride 1 all of them. */
  values: T[];
  stride: number;
}

/** Keeps at most `limit` values: each time there are more, it drops every second one. */
export function thin<T>(limit: number): Thinned<T> {
  let seen = 0;
  const kept: Thinned<T> = {
    values: [],
    stride: 1,
    add(value) {
      if (seen++ % kept.stride !== 0) return;
      kept.values.push(value);
      if (kept.values.length <= limit) return;
      kept.values = kept.values.filter((_, index) => index % 2 === 0);
      kept.stride *= 2;
    },
  };
  return kept;
}
