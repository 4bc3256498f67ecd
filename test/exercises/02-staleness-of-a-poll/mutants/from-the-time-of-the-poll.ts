// The age of the answer, not of the poll.

export interface Poll {
  pollTimeMs: number;
  eventTimeMs: number;
}

export function stalenessMs(polls: readonly Poll[], nowMs: number): number | null {
  let newest = -Infinity;
  for (const { pollTimeMs, eventTimeMs } of polls) {
    if (pollTimeMs <= nowMs) newest = Math.max(newest, pollTimeMs);
  }
  return newest === -Infinity ? null : nowMs - newest;
}
