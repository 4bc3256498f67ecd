/** The two thresholds of a hysteresis: an episode begins at one and ends only below the other. */
export interface Levels {
  /** An episode begins with the first value that is at least this. */
  beginAt: number;
  /** An episode ends with the first value below this; at most `beginAt`. */
  endBelow: number;
}

/**
 * Whether an episode is in progress after a value. Between the two thresholds nothing changes. With a single threshold, a
 * value that oscillates around it would begin an episode and raise an alert each time (compare the Schmitt trigger in
 * electronics).
 */
function isInEpisode(wasInEpisode: boolean, value: number, levels: Levels): boolean {
  return wasInEpisode ? value >= levels.endBelow : value >= levels.beginAt;
}

/** Applies the next value to one side of an episode. @returns whether the episode begins with this value */
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
