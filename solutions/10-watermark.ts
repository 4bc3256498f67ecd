/**
 * The watermark of the next micro-batch: the largest event time of all batches so far, minus the delay. It never moves
 * back, and a batch without events does not change it.
 *
 * @param watermarkMs the current watermark; null before the first event
 * @param eventTimesMs the event times of the batch that has just run, in no particular order
 * @param delayMs how long to wait for late events
 * @returns the new watermark; null if there is still none
 */
export function nextWatermark(
  watermarkMs: number | null,
  eventTimesMs: readonly number[],
  delayMs: number,
): number | null {
  let latest = watermarkMs;
  for (const timeMs of eventTimesMs) {
    if (latest === null || timeMs - delayMs > latest) latest = timeMs - delayMs;
  }
  return latest;
}
