import { notDone } from "./not-done.js";

/** A price in the answer to a poll. */
export interface Observation {
  asset: string;
  priceUsd: number;
  /** Milliseconds since the epoch. */
  eventTimeMs: number;
}

/**
 * Removes repeated observations: those with the same event time and the same price as the previous observation of the same
 * asset. The observations of several assets are interleaved; their order is kept.
 *
 * A price that returns later, with another event time, is kept. So is a correction: another price with the same event time.
 */
export function withoutRepeats(observations: readonly Observation[]): Observation[] {
  // TODO
  return notDone(observations);
}
