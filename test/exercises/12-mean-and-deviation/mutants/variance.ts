// The root is missing.

export interface Spread {
  count: number;
  mean: number;
  deviation: number | null;
}

export function spreadOf(values: Iterable<number>): Spread {
  let count = 0;
  let mean = 0;
  let squares = 0; // of the differences from the mean
  for (const value of values) {
    count++;
    const difference = value - mean;
    mean += difference / count;
    squares += difference * (value - mean);
  }
  return { count, mean, deviation: count < 2 ? null : squares / (count - 1) };
}
