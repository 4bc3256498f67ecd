// They shall grow.

export function windowStarts(timeMs: number, windowMs: number, slideMs: number): number[] {
  const last = Math.floor(timeMs / slideMs) * slideMs;
  const starts: number[] = [];
  for (let start = last; start + windowMs > timeMs; start -= slideMs) starts.push(start);
  return starts;
}
