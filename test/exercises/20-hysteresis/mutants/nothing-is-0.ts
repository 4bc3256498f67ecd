// Where nothing was measured it takes 0.

export interface Episode {
  active: boolean;
  alerts: number;
}

export function nextEpisode(
  before: Episode,
  value: number | null,
  beginAt: number,
  endBelow: number,
): Episode {
  const { active, alerts } = before;
  const measured = value ?? 0;
  if (active) return { active: measured >= endBelow, alerts };
  const begins = measured >= beginAt;
  return { active: begins, alerts: begins ? alerts + 1 : alerts };
}
