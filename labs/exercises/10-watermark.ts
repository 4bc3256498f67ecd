import { notDone } from "./not-done.js";

/**
 * The watermark of the next micro-batch: the largest event time of all batches so far, less the delay. It never moves
 * back, and a batch without events leaves it where it is.
 *
 * @param watermarkMs the watermark until now; null before any event was seen
 * @param eventTimesMs the event times of the batch that has just run, in no order
 * @param delayMs how long to wait for late events
 * @returns the new watermark; null if there still is none
 */
export function nextWatermark(
  watermarkMs: number | null,
  eventTimesMs: readonly number[],
  delayMs: number,
): number | null {
  // TODO
  return notDone(watermarkMs, eventTimesMs, delayMs);
}
