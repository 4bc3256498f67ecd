// There is one level only: a value that trembles raises an alert each time.

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
  void endBelow;
  const begins = value >= beginAt;
  return { active: begins, alerts: begins && !active ? alerts + 1 : alerts };
}
