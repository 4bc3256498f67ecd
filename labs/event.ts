import { parseTimeMs } from "./shared/time.js";

/** One observed price: the lab's only data model. */
export interface PriceEvent {
  /** What is priced, for example `bitcoin`. */
  asset: string;
  /** US dollars per unit. */
  priceUsd: number;
  /** When the price was observed at its origin, in milliseconds since the epoch. */
  eventTimeMs: number;
}

/** An event with its arrival time. */
export interface ObservedEvent extends PriceEvent {
  /** Milliseconds since the epoch. */
  arrivalTimeMs: number;
}

/**
 * An event on the wire, before it is parsed: what a source yields and the event log stores. The value is JSON,
 * `{"asset":"bitcoin","price_usd":68340.12,"event_time":"2025-01-01T10:00:10Z"}`, or whatever a faulty producer sent instead.
 */
export interface Message {
  /** The asset, which determines the partition; empty if the producer's message does not name one. */
  key: string;
  value: string;
  /** Arrival time, milliseconds since the epoch (Kafka's record timestamp). */
  timestampMs: number;
}

/** The maximum length of a message, in Unicode characters: it limits the work that one bad record can cause. */
export const MAX_MESSAGE_LENGTH = 10_000;
/** The maximum length of an asset's name, in Unicode characters. */
export const MAX_ASSET_LENGTH = 128;
/** Prices must be below this many dollars. */
export const PRICE_LIMIT_USD = 1e12;
/** How far an event time may be ahead of its arrival: a clock further ahead would push the watermark into the future. */
export const MAX_LEAD_MS = 86_400_000;

/**
 * Why a record is not an event. A reason names the violated rule, not the value (which is in `raw`), so that rejected records
 * can be counted by reason. The rules are checked in this order; the first violated rule is the reason.
 */
export const REASONS = {
  notUnicode: "not valid Unicode",
  tooLong: `longer than ${MAX_MESSAGE_LENGTH} characters`,
  notJson: "not JSON",
  notObject: "not a JSON object",
  assetMissing: "asset is missing",
  assetNotString: "asset is not a string",
  assetEmpty: "asset is empty",
  assetTooLong: `asset is longer than ${MAX_ASSET_LENGTH} characters`,
  priceMissing: "price_usd is missing",
  priceNotNumber: "price_usd is not a number",
  priceTooLow: "price_usd is not above 0",
  priceTooHigh: "price_usd is not below 1e12",
  timeMissing: "event_time is missing",
  timeInvalid: "event_time is not an ISO-8601 time with a zone",
  arrivalInvalid: "arrival_time is not an ISO-8601 time with a zone",
  timeTooEarly: "event_time is before 1970",
  timeTooLate: "event_time is more than a day ahead of arrival",
} as const;
export type Reason = (typeof REASONS)[keyof typeof REASONS];

/** Replaces bytes that are not valid UTF-8 when text is decoded. */
export const REPLACEMENT_CHARACTER = "\uFFFD";
/** Matches a JSON escape of a lone surrogate, in a text in which pairs of backslashes are masked. */
export const LONE_SURROGATE =
  /\\u[dD][89abAB][\dA-Fa-f]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][\dA-Fa-f]{2})\\u[dD][c-fC-F]/;
/** Matches text that consists only of characters removed by `String.prototype.trim`. */
export const BLANK = /^[\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]*$/;

/** Matches a JSON number. A price given as text (in a CSV field or a ticker) must have this format. */
export const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** Matches a message as `priceMessage` writes it, and as it is on a tape. */
const USUAL_MESSAGE =
  // eslint-disable-next-line no-control-regex -- JSON allows no control characters in a string
  /^\{"asset":"([^"\\\u0000-\u001f]*)","price_usd":(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?),"event_time":"([^"\\\u0000-\u001f]*)"(?:,"arrival_time":"([^"\\\u0000-\u001f]*)")?\}$/;

/**
 * Parses JSON like `JSON.parse`. A message of the usual form takes half the time.
 *
 * @throws SyntaxError if the text is not JSON
 */
export function parseFields(text: string): unknown {
  const match = USUAL_MESSAGE.exec(text);
  if (match === null) return JSON.parse(text);
  const [, asset, price, eventTime, arrivalTime] = match;
  const fields = { asset, price_usd: Number(price), event_time: eventTime };
  return arrivalTime === undefined ? fields : { ...fields, arrival_time: arrivalTime };
}

/** Whether a text is valid Unicode: its bytes were valid UTF-8, and it has no escape of a lone surrogate. */
function isUnicode(text: string): boolean {
  if (text.includes(REPLACEMENT_CHARACTER)) return false;
  return !text.includes("\\u") || !LONE_SURROGATE.test(text.replaceAll("\\\\", "__"));
}

/** Whether a text has more than `max` Unicode characters. An emoji counts as one, although its `length` is 2. */
function isLongerThan(text: string, max: number): boolean {
  if (text.length <= max) return false;
  return text.length > 2 * max || Array.from(text).length > max;
}

/**
 * Parses and validates one message. A message is an event if
 *
 * - it is valid Unicode: UTF-8 without lone surrogates, and without U+FFFD, which means that bytes were lost earlier;
 * - it has at most 10,000 characters and is one JSON object (RFC 8259), surrounded only by white space;
 *   if a name appears twice, the last value counts; names are case-sensitive; null counts as missing;
 * - `asset` is a string of at most 128 characters that is not blank (as defined by `trim`);
 * - `price_usd` is a number that, as a double, is above 0 and below 1e12;
 * - `event_time` is a string that `parseTimeMs` accepts, not before 1970, and at most a day ahead of the arrival;
 * - `arrival_time`, if present (as on a tape), is a string that `parseTimeMs` accepts.
 *
 * Other fields are ignored, so that producers can add fields. `labs/spark/job.ts` implements the same rules in Spark's SQL;
 * `test/services/hostile.test.ts` compares the two.
 *
 * @param value the message's value
 * @param arrivalTimeMs the message's timestamp, milliseconds since the epoch
 * @returns the event, or a readable reason for rejecting it
 */
export function parseEvent(value: string, arrivalTimeMs: number): PriceEvent | Reason {
  if (!isUnicode(value)) return REASONS.notUnicode;
  if (isLongerThan(value, MAX_MESSAGE_LENGTH)) return REASONS.tooLong;
  let fields: Record<string, unknown>;
  try {
    fields = parseFields(value) as Record<string, unknown>;
  } catch {
    return REASONS.notJson;
  }
  // Checked by hand instead of with a schema library, for speed: this runs for every event.
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    return REASONS.notObject;
  }
  const { asset, price_usd: priceUsd, event_time: eventTime, arrival_time: tapeArrival } = fields;
  if (asset === undefined || asset === null) return REASONS.assetMissing;
  if (typeof asset !== "string") return REASONS.assetNotString;
  if (BLANK.test(asset)) return REASONS.assetEmpty;
  if (isLongerThan(asset, MAX_ASSET_LENGTH)) return REASONS.assetTooLong;
  if (priceUsd === undefined || priceUsd === null) return REASONS.priceMissing;
  if (typeof priceUsd !== "number") return REASONS.priceNotNumber;
  if (!(priceUsd > 0)) return REASONS.priceTooLow;
  if (!(priceUsd < PRICE_LIMIT_USD)) return REASONS.priceTooHigh;
  if (eventTime === undefined || eventTime === null) return REASONS.timeMissing;
  const eventTimeMs = typeof eventTime === "string" ? parseTimeMs(eventTime) : NaN;
  if (Number.isNaN(eventTimeMs)) return REASONS.timeInvalid;
  if (
    tapeArrival !== undefined &&
    tapeArrival !== null &&
    (typeof tapeArrival !== "string" || Number.isNaN(parseTimeMs(tapeArrival)))
  ) {
    return REASONS.arrivalInvalid;
  }
  if (eventTimeMs < 0) return REASONS.timeTooEarly;
  if (eventTimeMs - arrivalTimeMs > MAX_LEAD_MS) return REASONS.timeTooLate;
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
