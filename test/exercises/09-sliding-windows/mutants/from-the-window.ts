// The first start is no multiple of the slide.

export function windowStarts(timeMs: number, windowMs: number, slideMs: number): number[] {
  const last = Math.floor(timeMs / slideMs) * slideMs;
  const starts: number[] = [];
  for (
    let start = Math.floor((timeMs - windowMs) / slideMs + 1) * slideMs + (windowMs % slideMs);
    start <= last;
    start += slideMs
  )
    starts.push(start);
  return starts;
}
