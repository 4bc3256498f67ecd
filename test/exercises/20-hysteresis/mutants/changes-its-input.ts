// It changes the state that a repeated batch begins with.

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
  if (value === null) return before;
  if (before.active) {
    before.active = value >= endBelow;
  } else if (value >= beginAt) {
    before.active = true;
    before.alerts++;
  }
  return before;
}
