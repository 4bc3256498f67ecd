/** The two levels of a hysteresis: an episode begins at the one and ends only beyond the other. */
export interface Levels {
  /** An episode begins with the first value that is at least this. */
  beginAt: number;
  /** It ends with the first value below this; at most `beginAt`. */
  endBelow: number;
}

/**
 * Whether an episode goes on after a value. Between the two levels all stays as it is: a value that trembles around one
 * level would otherwise begin an episode, and raise an alert, each time (the Schmitt trigger of electronics).
 */
export function isInEpisode(wasInEpisode: boolean, value: number, levels: Levels): boolean {
  return wasInEpisode ? value >= levels.endBelow : value >= levels.beginAt;
}

/** Takes the next value of one side of an episode. @returns whether it begins with that value */
export function begins<Side extends string>(
  episode: Record<Side, boolean>,
  side: Side,
  value: number,
  levels: Levels,
): boolean {
  const was = episode[side];
  episode[side] = isInEpisode(was, value, levels);
  return episode[side] && !was;
}
