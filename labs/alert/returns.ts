import type { PriceEvent } from "../event.js";

/** What is kept of an asset to tell its returns. JSON, for the checkpoint. */
export interface ReturnMemory {
  /** The interval that the newest price is in: its start divided by its length. */
  interval: number;
  price: number;
  /** The last price of the last interval before that had one; null at first. */
  before: { interval: number; price: number } | null;
}

/** What a price became between the ends of two intervals. */
export interface Return {
  /** Natural logarithm of the later price over the earlier one: 0.01 is about one percent. */
  value: number;
  /** When the later interval ended, milliseconds since the epoch. */
  endMs: number;
  /** The later price, US dollars. */
  priceUsd: number;
}

/** The memory after the first price of an asset. */
export function firstReturnMemory(
  { priceUsd, eventTimeMs }: PriceEvent,
  everyMs: number,
): ReturnMemory {
  return { interval: Math.floor(eventTimeMs / everyMs), price: priceUsd, before: null };
}

/**
 * Takes the next price of an asset. An interval of event time counts with its last price, and is over with the first price of
 * a later one: returns from trade to trade would mostly tell whether the last one bought or sold. A price of an
 * interval that is over comes too late and changes nothing.
 *
 * @returns the return of the interval that this price ends; undefined where it ends none
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
  // Over k intervals a random walk spreads √k times as far: the return is brought to the measure of one.
  const value = logRatio(price, before.price) / Math.sqrt(ended - before.interval);
  return { value, endMs: (ended + 1) * everyMs, priceUsd: price };
}

/** ln(price / before), finite whatever the prices: the quotient itself may be too large for a double, or too small. */
function logRatio(price: number, before: number): number {
  const ratio = price / before;
  return ratio > 0 && ratio < Infinity ? Math.log(ratio) : Math.log(price) - Math.log(before);
}

/** All returns of one asset's events, in the order that they come in. */
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
