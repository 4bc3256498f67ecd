// A window is final when the watermark reaches its end.

export function openWindows(
  starts: readonly number[],
  windowMs: number,
  watermarkMs: number | null,
): number[] {
  return starts.filter((start) => watermarkMs === null || start + windowMs >= watermarkMs);
}
