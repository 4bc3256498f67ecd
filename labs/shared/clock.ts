/**
 * A wall clock that never goes back. When the system's clock is put back, this one goes on from where it was, so that what
 * has arrived later never seems to have arrived earlier, and a silence is noticed in time. It follows a clock that is put
 * forward, as after a laptop has slept.
 *
 * @param wallMs the system's clock
 */
export function forwardClock(wallMs: () => number = Date.now): () => number {
  let lastMs = -Infinity;
  let aheadMs = 0;
  return () => {
    const readingMs = wallMs();
    if (readingMs < lastMs) aheadMs += lastMs - readingMs;
    lastMs = readingMs;
    return readingMs + aheadMs;
  };
}

/** The time now, milliseconds since the epoch: one clock for the arrival of events and for what waits for them. */
export const nowMs = forwardClock();
