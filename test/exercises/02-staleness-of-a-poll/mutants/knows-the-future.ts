// A poll that has not happened yet counts.

export interface Poll {
  pollTimeMs: number;
  eventTimeMs: number;
}

export function stalenessMs(polls: readonly Poll[], nowMs: number): number | null {
  let newest = -Infinity;
  for (const { pollTimeMs, eventTimeMs } of polls) {
    newest = Math.max(newest, eventTimeMs);
  }
  return newest === -Infinity ? null : nowMs - newest;
}
