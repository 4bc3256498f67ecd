import { notDone } from "./not-done.js";

/** A price as a poll has brought it. */
export interface Observation {
  asset: string;
  priceUsd: number;
  /** Milliseconds since the epoch. */
  eventTimeMs: number;
}

/**
 * Leaves out what a poller has already got: an observation with the same event time and the same price as the
 * last one of its asset. Assets are mixed; the order stays.
 *
 * A price that comes back later is news, and so is a correction: another price with the same event time.
 */
export function withoutRepeats(observations: readonly Observation[]): Observation[] {
  // TODO
  return notDone(observations);
}
