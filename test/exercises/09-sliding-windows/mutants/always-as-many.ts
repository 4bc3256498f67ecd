// Where the slide does not divide the window their number changes.

export function windowStarts(timeMs: number, windowMs: number, slideMs: number): number[] {
  const last = Math.floor(timeMs / slideMs) * slideMs;
  const starts: number[] = [];
  for (let n = 0; n < Math.floor(windowMs / slideMs); n++) starts.unshift(last - n * slideMs);
  return starts;
}
