import { notDone } from "./not-done.js";

/** The answer to a poll. */
export interface Poll {
  /** When the poll was made, milliseconds since the epoch. */
  pollTimeMs: number;
  /** The event time of the price in the answer. */
  eventTimeMs: number;
}

/**
 * The staleness of a poller: the time since the newest event time that it has received up to `nowMs`.
 *
 * The polls are in no particular order. A poll after `nowMs` has not happened yet and does not count. Because servers have
 * caches, an answer may be older than an earlier answer; the newest one counts. If clocks differ, an event time may be after
 * `nowMs`; the result is then negative.
 *
 * @returns milliseconds; null if no poll has happened yet
 */
export function stalenessMs(polls: readonly Poll[], nowMs: number): number | null {
  // TODO
  return notDone(polls, nowMs);
}
