// Before the first batch is done all windows are open.

export function openWindows(
  starts: readonly number[],
  windowMs: number,
  watermarkMs: number | null,
): number[] {
  return starts.filter((start) => watermarkMs !== null && start + windowMs > watermarkMs);
}
