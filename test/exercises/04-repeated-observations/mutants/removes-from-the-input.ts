// Others still use the list.

export interface Observation {
  asset: string;
  priceUsd: number;
  eventTimeMs: number;
}

export function withoutRepeats(observations: readonly Observation[]): Observation[] {
  const last = new Map<string, Observation>();
  const list = observations as Observation[];
  const kept = observations.filter((observation) => {
    const before = last.get(observation.asset);
    last.set(observation.asset, observation);
    return (
      before === undefined ||
      before.eventTimeMs !== observation.eventTimeMs ||
      before.priceUsd !== observation.priceUsd
    );
  });
  list.splice(0, list.length, ...kept);
  return kept;
}
