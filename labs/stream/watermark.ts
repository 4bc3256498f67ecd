/** The watermark before any event was seen: nothing is late, no window is final. */
export const NO_WATERMARK = -Infinity;

/**
 * The watermark of the next micro-batch: the largest event time of all batches before it, less the
 * delay. It never moves back.
 *
 * From the Spark guide, "Handling Late Data and Watermarking": the engine tracks the largest event
 * time seen, and the watermark for a batch is fixed when the batch before it has ended.
 *
 * @param watermarkMs the watermark of the batch that has just run
 * @param maxEventTimeMs the largest event time seen so far, that batch included; -Infinity if none
 * @param delayMs how long to wait for late events
 */
export function nextWatermark(
  watermarkMs: number,
  maxEventTimeMs: number,
  delayMs: number,
): number {
  return Math.max(watermarkMs, maxEventTimeMs - delayMs);
}

/**
 * Whether a window is behind a watermark: no longer open to events (with the watermark of the batch
 * before), or final and ready to be emitted (with the batch's own).
 */
export function isBehind(windowEndMs: number, watermarkMs: number): boolean {
  return windowEndMs <= watermarkMs;
}
