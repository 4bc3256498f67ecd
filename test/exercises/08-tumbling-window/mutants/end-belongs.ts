// A start is put into the window before it.

export function windowStart(timeMs: number, windowMs: number): number {
  return (Math.ceil(timeMs / windowMs) - 1) * windowMs;
}
