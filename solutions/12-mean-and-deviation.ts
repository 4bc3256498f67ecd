/** What is known of some values. */
export interface Spread {
  count: number;
  /** 0 where there are no values. */
  mean: number;
  /** Sample standard deviation (divisor n − 1); null where there are fewer than two values. */
  deviation: number | null;
}

/**
 * Mean and standard deviation in one pass: the values come one by one, may be very many, and cannot be asked for again.
 *
 * The answer must stay accurate where values are large and their spread is small, such as prices around 1,000,000,000
 * that differ by thousandths. The sum of squares less the square of the sum is not.
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
