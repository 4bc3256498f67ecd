// An older answer from a cache takes knowledge away.

export interface Poll {
  pollTimeMs: number;
  eventTimeMs: number;
}

export function stalenessMs(polls: readonly Poll[], nowMs: number): number | null {
  let newest = -Infinity;
  for (const { pollTimeMs, eventTimeMs } of polls) {
    if (pollTimeMs <= nowMs) newest = eventTimeMs;
  }
  return newest === -Infinity ? null : nowMs - newest;
}
