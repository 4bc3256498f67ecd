// A window is open until its end.

export function openWindows(
  starts: readonly number[],
  windowMs: number,
  watermarkMs: number | null,
): number[] {
  return starts.filter((start) => watermarkMs === null || start > watermarkMs);
}
