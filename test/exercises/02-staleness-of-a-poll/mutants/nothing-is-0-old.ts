// Who knows nothing seems to be up to date.

export interface Poll {
  pollTimeMs: number;
  eventTimeMs: number;
}

export function stalenessMs(polls: readonly Poll[], nowMs: number): number | null {
  let newest = -Infinity;
  for (const { pollTimeMs, eventTimeMs } of polls) {
    if (pollTimeMs <= nowMs) newest = Math.max(newest, eventTimeMs);
  }
  return newest === -Infinity ? 0 : nowMs - newest;
}
