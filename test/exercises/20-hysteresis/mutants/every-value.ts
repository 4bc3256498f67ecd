// Every value beyond the level is an alert.

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
  if (value >= beginAt) return { active: true, alerts: alerts + 1 };
  return { active: active && value >= endBelow, alerts };
}
