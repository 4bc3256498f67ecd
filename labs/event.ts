import { parseTimeMs } from "./time.js";

/** One observed price: the lab's one data model. */
export interface PriceEvent {
  /** What the price is of, for example `bitcoin`. */
  asset: string;
  /** US dollars for one unit. */
  priceUsd: number;
  /** When it happened at its origin: milliseconds since the epoch. */
  eventTimeMs: number;
}

/** An event and when it arrived. */
export interface ObservedEvent extends PriceEvent {
  /** Milliseconds since the epoch. */
  arrivalTimeMs: number;
}

/**
 * An event on the wire, before anyone has looked inside: what a source yields and the event log keeps.
 * The value is JSON, `{"asset":"bitcoin","price_usd":68340.12,"event_time":"2025-01-01T10:00:10Z"}`,
 * or whatever a broken producer sent instead.
 */
export interface Message {
  /** The asset, which decides the partition; empty where the producer's message names none. */
  key: string;
  value: string;
  /** Arrival time, milliseconds since the epoch (Kafka's record timestamp). */
  timestampMs: number;
}

/** The longest name of an asset, in characters. */
export const LONGEST_ASSET = 128;
/** Prices must be below this many dollars. */
export const PRICE_LIMIT_USD = 1e12;
/** How far event time may run ahead of arrival: a clock further ahead would push the watermark. */
export const LARGEST_LEAD_MS = 86_400_000;

/** A number as JSON writes it: what a price in a text (a CSV field, a ticker) must look like to be taken as one. */
export const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** A value as an error message shows it: JSON, cut where it is long. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

/**
 * Parses and validates one message. Unknown fields are ignored, so that producers can add some.
 * A tape's `arrival_time` may be among the fields, and is then checked too.
 *
 * @param value the message's value
 * @param arrivalTimeMs the message's timestamp, milliseconds since the epoch
 * @returns the event, or the reason why there is none: a sentence for a person
 */
export function parseEvent(value: string, arrivalTimeMs: number): PriceEvent | string {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(value);
  } catch {
    return "not JSON";
  }
  // Checked by hand and not by a schema library: every event of the stream passes here.
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    return `not a JSON object: ${shown(fields)}`;
  }
  const { asset, price_usd: priceUsd, event_time: eventTime } = fields;
  if (asset === undefined) return "asset is missing";
  if (typeof asset !== "string") return `asset is not a string: ${shown(asset)}`;
  if (asset.trim() === "") return "asset is empty";
  if (asset.length > LONGEST_ASSET) {
    return `asset is ${asset.length} characters long, at most ${LONGEST_ASSET} are allowed`;
  }
  if (priceUsd === undefined) return "price_usd is missing";
  if (typeof priceUsd !== "number") return `price_usd is not a number: ${shown(priceUsd)}`;
  if (!(priceUsd > 0)) return `price_usd is not above 0: ${priceUsd}`;
  if (!(priceUsd < PRICE_LIMIT_USD)) return `price_usd is not below 1e12: ${priceUsd}`;
  if (eventTime === undefined) return "event_time is missing";
  const eventTimeMs = typeof eventTime === "string" ? parseTimeMs(eventTime) : NaN;
  if (Number.isNaN(eventTimeMs)) {
    return `event_time is not an ISO-8601 time with a zone: ${shown(eventTime)}`;
  }
  const tapeArrival = fields["arrival_time"];
  if (
    tapeArrival !== undefined &&
    (typeof tapeArrival !== "string" || Number.isNaN(parseTimeMs(tapeArrival)))
  ) {
    return `arrival_time is not an ISO-8601 time with a zone: ${shown(tapeArrival)}`;
  }
  if (eventTimeMs - arrivalTimeMs > LARGEST_LEAD_MS) {
    return `event_time is more than a day ahead of arrival: ${shown(eventTime)}`;
  }
  return { asset, priceUsd, eventTimeMs };
}

/** The message that carries a price: the inverse of `parseEvent`. @param eventTime ISO-8601 with a zone */
export function priceMessage(
  asset: string,
  priceUsd: number,
  eventTime: string,
  timestampMs: number,
): Message {
  const value = JSON.stringify({ asset, price_usd: priceUsd, event_time: eventTime });
  return { key: asset, value, timestampMs };
}
