// −1 is put into the window that begins at 0.

export function windowStart(timeMs: number, windowMs: number): number {
  return Math.trunc(timeMs / windowMs) * windowMs;
}
