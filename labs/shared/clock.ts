/**
 * A wall clock that never goes back. When the system clock is set back, this clock continues from where it was: a later
 * arrival never gets an earlier time, and silences are noticed in time. It follows a clock that is set forward, for example
 * after a laptop has slept.
 *
 * @param wallMs the system clock
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

/** The current time in milliseconds since the epoch. The same clock is used for arrival times and for detecting silence. */
export const nowMs = forwardClock();
