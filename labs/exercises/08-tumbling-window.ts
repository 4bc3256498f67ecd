import { notDone } from "./not-done.js";

/**
 * The start of the tumbling window that holds a time. Windows of length `windowMs` begin at every multiple of it
 * since the epoch and hold the times start ≤ t < start + windowMs.
 *
 * Times before 1970 are negative, and in a window like all others.
 */
export function windowStart(timeMs: number, windowMs: number): number {
  // TODO
  return notDone(timeMs, windowMs);
}
