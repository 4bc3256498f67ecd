import type { PriceEvent } from "../event.js";

/** The state of an asset from which its returns are computed, as JSON for the checkpoint. */
export interface ReturnMemory {
  /** The interval of the newest price: its start divided by its length. */
  interval: number;
  price: number;
  /** The last price of the preceding interval that had a price; null at first. */
  before: { interval: number; price: number } | null;
}

/** The change of a price between the ends of two intervals. */
export interface Return {
  /** The natural logarithm of later price / earlier price, per interval: 0.01 is about one percent. */
  value: number;
  /** When the later interval ended, milliseconds since the epoch. */
  endMs: number;
  priceUsd: number;
}

/** The state after the first price of an asset. */
export function firstReturnMemory(
  { priceUsd, eventTimeMs }: PriceEvent,
  everyMs: number,
): ReturnMemory {
  return { interval: Math.floor(eventTimeMs / everyMs), price: priceUsd, before: null };
}

/**
 * Adds the next price of an asset. An interval of event time is represented by its last price and ends with the first price
 * of a later interval: returns between single trades would mostly show whether the last trade was a buy or a sell. A price of
 * an interval that has ended is ignored as late.
 *
 * @returns the return of the interval that this price ends; undefined if it does not end one
 */
export function takePrice(
  memory: ReturnMemory,
  { priceUsd, eventTimeMs }: PriceEvent,
  everyMs: number,
): Return | undefined {
  const interval = Math.floor(eventTimeMs / everyMs);
  if (interval < memory.interval) return undefined;
  const { interval: ended, price, before } = memory;
  memory.price = priceUsd;
  if (interval === ended) return undefined;
  memory.interval = interval;
  memory.before = { interval: ended, price };
  if (before === null) return undefined;
  // Over k intervals, a random walk spreads √k times as far: scale the return to one interval.
  const value = logRatio(price, before.price) / Math.sqrt(ended - before.interval);
  return { value, endMs: (ended + 1) * everyMs, priceUsd: price };
}

/** ln(price / before), always finite: the quotient itself may overflow or underflow a double. */
function logRatio(price: number, before: number): number {
  const ratio = price / before;
  return ratio > 0 && ratio < Infinity ? Math.log(ratio) : Math.log(price) - Math.log(before);
}

/** All returns of one asset's events, in their order. */
export function returnsOf(events: Iterable<PriceEvent>, everyMs: number): Return[] {
  const returns: Return[] = [];
  let memory: ReturnMemory | undefined;
  for (const event of events) {
    memory ??= firstReturnMemory(event, everyMs);
    const ended = takePrice(memory, event, everyMs);
    if (ended !== undefined) returns.push(ended);
  }
  return returns;
}
