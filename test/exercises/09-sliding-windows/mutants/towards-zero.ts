// Before 1970 the last window is another one.

export function windowStarts(timeMs: number, windowMs: number, slideMs: number): number[] {
  const last = Math.trunc(timeMs / slideMs) * slideMs;
  const starts: number[] = [];
  for (let start = last; start + windowMs > timeMs; start -= slideMs) starts.unshift(start);
  return starts;
}
