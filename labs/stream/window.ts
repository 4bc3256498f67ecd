import { UsageError } from "../shared/errors.js";

/** The maximum number of windows that one event may fall into. */
const MAX_WINDOWS_PER_EVENT = 10_000;

/**
 * Sliding windows over event time: a window of length `windowMs` starts at every multiple of `slideMs` since the epoch and
 * holds the times start ≤ t < start + windowMs, as Spark's `window` function defines it. With slide = window they are
 * tumbling windows.
 */
export interface WindowSpec {
  windowMs: number;
  slideMs: number;
}

/** @throws UsageError if the lengths are invalid: not whole milliseconds, or a slide that leaves gaps between windows */
export function windowSpec(windowMs: number, slideMs: number): WindowSpec {
  if (!Number.isInteger(windowMs) || windowMs < 1) {
    throw new UsageError(
      `the window must be a whole number of milliseconds, at least 1ms, not ${windowMs}ms`,
    );
  }
  if (!Number.isInteger(slideMs) || slideMs < 1) {
    throw new UsageError(
      `the slide must be a whole number of milliseconds, at least 1ms, not ${slideMs}ms`,
    );
  }
  if (slideMs > windowMs) {
    throw new UsageError(
      `the slide (${slideMs}ms) must not be longer than the window (${windowMs}ms): events between windows would be lost`,
    );
  }
  if (windowMs / slideMs > MAX_WINDOWS_PER_EVENT) {
    throw new UsageError(
      `each event would fall into ${Math.ceil(windowMs / slideMs)} windows; at most ${MAX_WINDOWS_PER_EVENT} are allowed: use a longer slide`,
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
 * The start of the pane that holds a time. No window starts or ends inside a pane, so a window consists of whole panes, and
 * an event is aggregated once, into its pane, however many windows overlap there. Windows start at multiples of the slide
 * and end (window mod slide) after one, so a slide has one pane, or two if the slide does not divide the window.
 *
 * From Krishnamurthy, Wu and Franklin, "On-the-fly sharing for streamed aggregation" (2006), paired windows.
 */
export function paneStart({ windowMs, slideMs }: WindowSpec, timeMs: number): number {
  const slideStart = Math.floor(timeMs / slideMs) * slideMs;
  const windowEnd = slideStart + (windowMs % slideMs);
  return timeMs < windowEnd ? slideStart : windowEnd;
}
