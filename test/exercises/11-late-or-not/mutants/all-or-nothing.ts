// Late for one window is not late for all.

export function openWindows(
  starts: readonly number[],
  windowMs: number,
  watermarkMs: number | null,
): number[] {
  return starts.every((start) => watermarkMs === null || start + windowMs > watermarkMs)
    ? [...starts]
    : [];
}
