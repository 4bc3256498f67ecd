import { notDone } from "./not-done.js";

/**
 * The starts of the windows that an event is still counted in, ascending. An event belongs to all sliding windows that contain
 * its time. A window is closed to the event if the window's end is not after the watermark.
 *
 * An event can therefore be late for some of its windows and in time for others.
 *
 * @param starts the starts of the windows that contain the event's time, ascending
 * @param windowMs the length of the windows
 * @param watermarkMs the watermark of the previous batch; null if there is none yet
 */
export function openWindows(
  starts: readonly number[],
  windowMs: number,
  watermarkMs: number | null,
): number[] {
  // TODO
  return notDone(starts, windowMs, watermarkMs);
}
