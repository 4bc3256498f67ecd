import { notDone } from "./not-done.js";

/**
 * The starts of those windows that still take an event, growing. An event belongs to the sliding windows that hold its
 * time; one is closed to it if the window's end is not after the watermark.
 *
 * So an event is not simply late or in time: it can be too late for some of its windows and in time for others.
 *
 * @param starts the starts of the windows that hold the event's time, growing
 * @param windowMs their length
 * @param watermarkMs the watermark of the batch before; null before there is one
 */
export function openWindows(
  starts: readonly number[],
  windowMs: number,
  watermarkMs: number | null,
): number[] {
  // TODO
  return notDone(starts, windowMs, watermarkMs);
}
