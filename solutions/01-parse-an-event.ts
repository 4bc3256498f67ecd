/** A price as the lab's engine uses it. */
export interface Price {
  asset: string;
  priceUsd: number;
  /** Milliseconds since the epoch. */
  eventTimeMs: number;
}

/**
 * Parses a message such as `{"asset":"bitcoin","price_usd":68340.12,"event_time":"2025-01-01T10:00:10Z"}`.
 *
 * A message is a price if it is a JSON object with these fields; other fields are ignored:
 * - `asset` is a string that is not blank: `""` and `"  "` are not accepted;
 * - `price_usd` is a number, above 0 and finite: JSON allows `1e999`, which JavaScript reads as Infinity;
 * - `event_time` is a string that `Date.parse` accepts and that ends in `Z`.
 *
 * The message may be any text. The function never throws.
 *
 * @returns the price, or null if the message is not one
 */
export function parsePrice(message: string): Price | null {
  let fields: unknown;
  try {
    fields = JSON.parse(message);
  } catch {
    return null;
  }
  if (typeof fields !== "object" || fields === null) return null;
  const { asset, price_usd: priceUsd, event_time: eventTime } = fields as Record<string, unknown>;
  if (typeof asset !== "string" || asset.trim() === "") return null;
  if (typeof priceUsd !== "number" || !(priceUsd > 0) || !Number.isFinite(priceUsd)) return null;
  if (typeof eventTime !== "string" || !eventTime.endsWith("Z")) return null;
  const eventTimeMs = Date.parse(eventTime);
  return Number.isNaN(eventTimeMs) ? null : { asset, priceUsd, eventTimeMs };
}
