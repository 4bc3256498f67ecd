// A batch of two hundred thousand events overflows the stack.

export function nextWatermark(
  watermarkMs: number | null,
  eventTimesMs: readonly number[],
  delayMs: number,
): number | null {
  let latest = watermarkMs;
  if (eventTimesMs.length > 0)
    latest = Math.max(latest ?? -Infinity, Math.max(...eventTimesMs) - delayMs);
  return latest;
}
