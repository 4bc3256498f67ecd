/**
 * The watermark of the next micro-batch: the largest event time of all previous batches, minus the delay. It never moves
 * back.
 *
 * From the Spark guide, "Handling Late Data and Watermarking": the engine tracks the largest event
 * time seen, and the watermark for a batch is fixed when the batch before it has ended.
 *
 * @param watermarkMs the watermark of the batch that has just run; null before there is one
 * @param maxEventTimeMs the largest event time seen so far, that batch included; null before any event
 * @param delayMs how long to wait for late events
 * @returns null if no event has been seen: nothing is late and no window is final
 */
export function nextWatermark(
  watermarkMs: number | null,
  maxEventTimeMs: number | null,
  delayMs: number,
): number | null {
  if (maxEventTimeMs === null) return watermarkMs;
  return Math.max(watermarkMs ?? -Infinity, maxEventTimeMs - delayMs);
}

/**
 * Whether a window is behind a watermark. With the watermark of the previous batch, this means that the window is closed to
 * events; with the watermark of the current batch, that it is final and must be emitted.
 */
export function isBehind(windowEndMs: number, watermarkMs: number | null): boolean {
  return watermarkMs !== null && windowEndMs <= watermarkMs;
}
