import { notDone } from "./not-done.js";

/**
 * The start of the tumbling window that contains a time. Windows of length `windowMs` begin at every multiple of `windowMs`
 * since the epoch and contain the times start ≤ t < start + windowMs.
 *
 * Times before 1970 are negative and belong to a window too. The pipeline calls the function for every event
 * (`--use-exercises`), so it must be synchronous and fast.
 */
export function windowStart(timeMs: number, windowMs: number): number {
  // TODO
  return notDone(timeMs, windowMs);
}
