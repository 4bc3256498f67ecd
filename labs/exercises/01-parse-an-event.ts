import { notDone } from "./not-done.js";

/** One price, as the lab's engine needs it. */
export interface Price {
  asset: string;
  priceUsd: number;
  /** Milliseconds since the epoch. */
  eventTimeMs: number;
}

/**
 * Reads a message such as `{"asset":"bitcoin","price_usd":68340.12,"event_time":"2025-01-01T10:00:10Z"}`.
 *
 * A message is a price if it is a JSON object whose `asset` is a string with something in it, whose `price_usd` is a
 * number above 0, and whose `event_time` is a text that `Date.parse` understands and that ends in `Z`. Other fields do
 * not matter. Whatever else comes, and anything may come, is no reason to throw.
 *
 * @returns the price, or null where the message is none
 */
export function parsePrice(message: string): Price | null {
  // TODO
  return notDone(message);
}
