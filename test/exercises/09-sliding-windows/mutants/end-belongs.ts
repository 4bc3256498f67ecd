// A window that ends at the time does not hold it.

export function windowStarts(timeMs: number, windowMs: number, slideMs: number): number[] {
  const last = Math.floor(timeMs / slideMs) * slideMs;
  const starts: number[] = [];
  for (let start = last; start + windowMs >= timeMs; start -= slideMs) starts.unshift(start);
  return starts;
}
