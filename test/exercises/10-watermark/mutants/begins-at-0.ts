// Times before 1970 are below 0.

export function nextWatermark(
  watermarkMs: number | null,
  eventTimesMs: readonly number[],
  delayMs: number,
): number | null {
  let latest: number | null = watermarkMs ?? (eventTimesMs.length === 0 ? null : 0);
  for (const timeMs of eventTimesMs) {
    if (latest === null || timeMs - delayMs > latest) latest = timeMs - delayMs;
  }
  return latest;
}
