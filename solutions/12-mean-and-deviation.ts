/** A summary of some values. */
export interface Spread {
  count: number;
  /** 0 if there are no values. */
  mean: number;
  /** Sample standard deviation (divisor n − 1); null if there are fewer than two values. */
  deviation: number | null;
}

/**
 * Mean and standard deviation in one pass. The values arrive one by one and can be read only once. There may be millions of
 * them, so they must not be collected in an array.
 *
 * The result must be accurate when values are large and their spread is small, such as prices around 1,000,000,000 that differ
 * by thousandths. "Sum of squares minus square of the sum" is not accurate then.
 */
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
  return { count, mean, deviation: count < 2 ? null : Math.sqrt(squares / (count - 1)) };
}
