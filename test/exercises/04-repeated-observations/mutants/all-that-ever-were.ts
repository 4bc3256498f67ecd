// A price that comes back is news.

export interface Observation {
  asset: string;
  priceUsd: number;
  eventTimeMs: number;
}

export function withoutRepeats(observations: readonly Observation[]): Observation[] {
  const last = new Map<string, Observation>();
  return observations.filter((observation) => {
    const before = last.get(JSON.stringify(observation));
    last.set(JSON.stringify(observation), observation);
    return (
      before === undefined ||
      before.eventTimeMs !== observation.eventTimeMs ||
      before.priceUsd !== observation.priceUsd
    );
  });
}
