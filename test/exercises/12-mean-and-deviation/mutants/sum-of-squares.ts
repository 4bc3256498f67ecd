// Nothing is left of it at a billion.

export interface Spread {
  count: number;
  mean: number;
  deviation: number | null;
}

export function spreadOf(values: Iterable<number>): Spread {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    count++;
    sum += value;
    squares += value * value;
  }
  const mean = count === 0 ? 0 : sum / count;
  return {
    count,
    mean,
    deviation:
      count < 2 ? null : Math.sqrt(Math.max(0, squares - count * mean * mean) / (count - 1)),
  };
}
