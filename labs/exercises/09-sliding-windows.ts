import { notDone } from "./not-done.js";

/**
 * The starts of all sliding windows that hold a time, growing. A window of length `windowMs` begins at every multiple of
 * `slideMs` since the epoch and holds the times start ≤ t < start + windowMs.
 *
 * The slide is no longer than the window, but it need not divide it. Times before 1970 are negative.
 */
export function windowStarts(timeMs: number, windowMs: number, slideMs: number): number[] {
  // TODO
  return notDone(timeMs, windowMs, slideMs);
}
