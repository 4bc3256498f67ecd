// What was final would be open again.

export function nextWatermark(
  watermarkMs: number | null,
  eventTimesMs: readonly number[],
  delayMs: number,
): number | null {
  let latest = watermarkMs;
  for (const timeMs of eventTimesMs) {
    if (true) latest = timeMs - delayMs;
  }
  return latest;
}
