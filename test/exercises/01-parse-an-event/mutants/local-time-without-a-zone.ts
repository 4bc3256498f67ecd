// A time without a zone is another one on another machine.

export interface Price {
  asset: string;
  priceUsd: number;
  eventTimeMs: number;
}

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
  if (typeof eventTime !== "string") return null;
  const eventTimeMs = Date.parse(eventTime);
  return Number.isNaN(eventTimeMs) ? null : { asset, priceUsd, eventTimeMs };
}
