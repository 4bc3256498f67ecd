/**
 * The starts of all sliding windows that contain a time, ascending. A window of length `windowMs` begins at every multiple of
 * `slideMs` since the epoch and contains the times start ≤ t < start + windowMs.
 *
 * The slide is at most as long as the window and need not divide it. Times before 1970 are negative.
 */
export function windowStarts(timeMs: number, windowMs: number, slideMs: number): number[] {
  const last = Math.floor(timeMs / slideMs) * slideMs;
  const starts: number[] = [];
  for (let start = last; start + windowMs > timeMs; start -= slideMs) starts.unshift(start);
  return starts;
}
