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
  const last = new Map<string, Observation>();
  return observations.filter((observation) => {
    const before = last.get(observation.asset);
    last.set(observation.asset, observation);
    return (
      before === undefined ||
      before.eventTimeMs !== observation.eventTimeMs ||
      before.priceUsd !== observation.priceUsd
    );
  });
}
