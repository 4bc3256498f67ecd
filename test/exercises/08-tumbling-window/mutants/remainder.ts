// % keeps the sign of a time before 1970.

export function windowStart(timeMs: number, windowMs: number): number {
  return timeMs - (timeMs % windowMs);
}
