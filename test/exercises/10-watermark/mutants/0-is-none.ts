// A watermark of 0 is one.

export function nextWatermark(
  watermarkMs: number | null,
  eventTimesMs: readonly number[],
  delayMs: number,
): number | null {
  let latest = watermarkMs;
  for (const timeMs of eventTimesMs) {
    if (!latest || timeMs - delayMs > latest) latest = timeMs - delayMs;
  }
  return latest;
}
