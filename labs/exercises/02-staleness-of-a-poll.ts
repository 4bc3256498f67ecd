import { notDone } from "./not-done.js";

/** What a poll was told. */
export interface Poll {
  /** When it was asked, milliseconds since the epoch. */
  pollTimeMs: number;
  /** The event time of the price that it was told. */
  eventTimeMs: number;
}

/**
 * How old what we know is: the time that has passed since the event time of the newest price that any poll up to now has
 * brought.
 *
 * The polls are in no order. One that is asked later than `nowMs` has not happened yet. An answer may be older than
 * the one before it, because servers have caches: what we know does not get older by that.
 *
 * @returns milliseconds; null where no poll has happened yet
 */
export function stalenessMs(polls: readonly Poll[], nowMs: number): number | null {
  // TODO
  return notDone(polls, nowMs);
}
