// It begins above the level, not at it.

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
  if (value === null) return { active, alerts };
  if (active) return { active: value >= endBelow, alerts };
  const begins = value > beginAt;
  return { active: begins, alerts: begins ? alerts + 1 : alerts };
}
