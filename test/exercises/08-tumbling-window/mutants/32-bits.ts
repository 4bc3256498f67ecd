// Milliseconds since 1970 do not fit 32 bits.

export function windowStart(timeMs: number, windowMs: number): number {
  return (timeMs | 0) - (((timeMs % windowMs) + windowMs) % windowMs);
}
