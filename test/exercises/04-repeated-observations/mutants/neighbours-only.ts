// Another asset in between hides the repetition.

export interface Observation {
  asset: string;
  priceUsd: number;
  eventTimeMs: number;
}

export function withoutRepeats(observations: readonly Observation[]): Observation[] {
  const last = new Map<string, Observation>();
  return observations.filter((observation) => {
    const before = last.get("");
    last.set("", observation);
    return (
      before?.asset !== observation.asset ||
      before.eventTimeMs !== observation.eventTimeMs ||
      before.priceUsd !== observation.priceUsd
    );
  });
}
