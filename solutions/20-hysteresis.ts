/** How a rule stands: whether an episode goes on, and how many alerts it has raised. */
export interface Episode {
  active: boolean;
  alerts: number;
}

/**
 * How a rule stands after the next value. An episode begins, and raises one alert, with a value of at least `beginAt`. It ends
 * with a value below `endBelow`, which is at most `beginAt`. Between the two, all stays as it is.
 *
 * Where nothing was measured the value is null: that neither begins nor ends an episode.
 *
 * A batch may be run again from the same `before`, so leave it as it is: answer with an object of your own.
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
