// The same price at a later time is news.

export interface Observation {
  asset: string;
  priceUsd: number;
  eventTimeMs: number;
}

export function withoutRepeats(observations: readonly Observation[]): Observation[] {
  const last = new Map<string, Observation>();
  return observations.filter((observation) => {
    const before = last.get(observation.asset);
    last.set(observation.asset, observation);
    return before === undefined || before.priceUsd !== observation.priceUsd;
  });
}
