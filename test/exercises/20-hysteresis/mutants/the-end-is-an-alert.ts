// The end of an episode raises an alert too.

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
  const goesOn = active ? value >= endBelow : value >= beginAt;
  return { active: goesOn, alerts: goesOn !== active ? alerts + 1 : alerts };
}
