import { notDone } from "./not-done.js";

/** What one consumer knows about the prices of one key. */
export interface PartialResult {
  /** An asset, or an asset with a salt: `bitcoin` or `bitcoin#3`. The salt begins at the last `#`. */
  key: string;
  /** How many prices; 0 is possible, and then mean and spread are 0. */
  count: number;
  mean: number;
  /** The sum of the squared differences from the mean. */
  spread: number;
}

/** The same for all prices of an asset. */
export interface Result {
  asset: string;
  count: number;
  mean: number;
  /** The sample standard deviation; null for a single price. */
  deviation: number | null;
}

/**
 * Merges the partial results of salted keys: a key that is too hot for one partition was divided into several keys with different
 * salts, and each of them was aggregated on its own. The result has one entry for each asset that has prices, sorted by asset (as
 * `<` compares texts). It is what one aggregation over all prices would give, up to rounding. The partial results are in no order, and
 * a key may occur several times.
 *
 * Two parts with n and m prices, whose means differ by d, together have the spread of both plus d² × n × m / (n + m).
 */
export function mergeSalted(parts: readonly PartialResult[]): Result[] {
  // TODO
  return notDone(parts);
}
