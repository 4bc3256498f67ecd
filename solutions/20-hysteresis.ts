/** The state of a rule: whether an episode is active, and the number of alerts raised so far. */
export interface Episode {
  active: boolean;
  alerts: number;
}

/**
 * The state of a rule after the next value. An episode begins with a value of at least `beginAt` and raises one alert. It ends
 * with a value below `endBelow`, which is at most `beginAt`. A value between the two changes nothing.
 *
 * If nothing was measured, the value is null, which neither begins nor ends an episode.
 *
 * A batch may be run again from the same `before`. So do not change it: always return a new object, even if the state is the same.
 */
export function nextEpisode(
  before: Episode,
  value: number | null,
  beginAt: number,
  endBelow: number,
): Episode {
  const { active, alerts } = before;
  if (value === null) return { active, alerts };
  if (active) return { active: value >= endBelow, alerts };
  const begins = value >= beginAt;
  return { active: begins, alerts: begins ? alerts + 1 : alerts };
}
