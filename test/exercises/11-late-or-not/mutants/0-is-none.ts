// A watermark of 0 is one.

export function openWindows(
  starts: readonly number[],
  windowMs: number,
  watermarkMs: number | null,
): number[] {
  return starts.filter((start) => !watermarkMs || start + windowMs > watermarkMs);
}
