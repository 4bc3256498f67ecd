// A batch without events takes the watermark away.

export function nextWatermark(
  watermarkMs: number | null,
  eventTimesMs: readonly number[],
  delayMs: number,
): number | null {
  let latest = eventTimesMs.length === 0 ? null : watermarkMs;
  for (const timeMs of eventTimesMs) {
    if (latest === null || timeMs - delayMs > latest) latest = timeMs - delayMs;
  }
  return latest;
}
