// Where nothing was measured the episode is taken to be over.

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
  if (value === null) return { active: false, alerts };
  if (active) return { active: value >= endBelow, alerts };
  const begins = value >= beginAt;
  return { active: begins, alerts: begins ? alerts + 1 : alerts };
}
