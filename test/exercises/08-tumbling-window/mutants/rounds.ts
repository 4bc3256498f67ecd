// The second half of each window is put into the next one.

export function windowStart(timeMs: number, windowMs: number): number {
  return Math.round(timeMs / windowMs) * windowMs;
}
