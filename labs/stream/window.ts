import { UsageError } from "../shared/errors.js";

/** The most windows that one event may fall into. */
const MAX_WINDOWS_PER_EVENT = 10_000;

/**
 * Sliding windows over event time: one of length `windowMs` starts at every multiple of `slideMs`
 * since the epoch and holds the times start ≤ t < start + windowMs (Spark's `window` function).
 * With slide = window they are tumbling windows.
 */
export interface WindowSpec {
  windowMs: number;
  slideMs: number;
}

/** @throws UsageError if the windows could not be: a length of 0, or a slide that leaves gaps */
export function windowSpec(windowMs: number, slideMs: number): WindowSpec {
  if (!Number.isInteger(windowMs) || windowMs < 1) {
    throw new UsageError(
      `the window must be at least 1ms and whole milliseconds, not ${windowMs}ms`,
    );
  }
  if (!Number.isInteger(slideMs) || slideMs < 1) {
    throw new UsageError(`the slide must be at least 1ms and whole milliseconds, not ${slideMs}ms`);
  }
  if (slideMs > windowMs) {
    throw new UsageError(
      `the slide (${slideMs}ms) must not be longer than the window (${windowMs}ms): events between two windows would be lost`,
    );
  }
  if (windowMs / slideMs > MAX_WINDOWS_PER_EVENT) {
    throw new UsageError(
      `each event would fall into ${Math.ceil(windowMs / slideMs)} windows, at most ${MAX_WINDOWS_PER_EVENT} are allowed; use a longer slide`,
    );
  }
  return { windowMs, slideMs };
}

/** The start of the last window that holds a time. */
export function latestWindowStart({ slideMs }: WindowSpec, timeMs: number): number {
  return Math.floor(timeMs / slideMs) * slideMs;
}

/** The start of the first window that holds a time. */
export function earliestWindowStart({ windowMs, slideMs }: WindowSpec, timeMs: number): number {
  return (Math.floor((timeMs - windowMs) / slideMs) + 1) * slideMs;
}

/**
 * The start of the pane that holds a time. A pane is a stretch of time that no window's edge cuts, so
 * a window is a run of whole panes and an event is aggregated once, into its pane, however many
 * windows overlap there. Windows start at multiples of the slide and end (window mod slide) later, so
 * a slide has one pane, or two where the slide does not divide the window.
 *
 * From Krishnamurthy, Wu and Franklin, "On-the-fly sharing for streamed aggregation" (2006), paired windows.
 */
export function paneStart({ windowMs, slideMs }: WindowSpec, timeMs: number): number {
  const slideStart = Math.floor(timeMs / slideMs) * slideMs;
  const windowEnd = slideStart + (windowMs % slideMs);
  return timeMs < windowEnd ? slideStart : windowEnd;
}
