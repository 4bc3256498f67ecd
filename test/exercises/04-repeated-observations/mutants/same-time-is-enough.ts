// A correction has the same time and another price.

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
    return before === undefined || before.eventTimeMs !== observation.eventTimeMs;
  });
}
