// A stream does not come back.

export interface Spread {
  count: number;
  mean: number;
  deviation: number | null;
}

export function spreadOf(values: Iterable<number>): Spread {
  let count = 0;
  let mean = 0;
  let squares = 0;
  for (const value of values) mean += (value - mean) / ++count;
  for (const value of values) squares += (value - mean) ** 2;
  return { count, mean, deviation: count < 2 ? null : Math.sqrt(squares / (count - 1)) };
}
