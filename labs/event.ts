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
 * A record's value: text, or bytes if the first of them is 0, as before a schema id (`labs/schema/wire-format.ts`). No JSON begins
 * so.
 */
export type Value = string | Buffer;

/** A value from its bytes. Text is UTF-8; U+FFFD stands for what is not valid. */
export const valueOf = (bytes: Buffer): Value => (bytes[0] === 0 ? bytes : bytes.toString());

/** A value as text for people: bytes as `0x` and hexadecimal digits. */
export const textOf = (value: Value): string =>
  typeof value === "string" ? value : `0x${value.toString("hex")}`;

/**
 * An event on the wire, before it is parsed: what a source yields and the event log stores. The value is JSON,
 * `{"asset":"bitcoin","price_usd":68340.12,"event_time":"2025-01-01T10:00:10Z"}`, or whatever a faulty producer sent instead; in
 * the event log it may also be an event in another format.
 */
export interface Message<V extends Value = string> {
  /** The asset, which determines the partition; empty if the producer's message does not name one. */
  key: string;
  value: V;
  /** Arrival time, milliseconds since the epoch (Kafka's record timestamp). */
  timestampMs: number;
}

/** The maximum length of a message, in Unicode characters: it limits the work that one bad record can cause. */
export const MAX_MESSAGE_LENGTH = 10_000;
/** The same for a value with a schema id, in bytes: as many as the longest message may have. */
export const MAX_VALUE_BYTES = 4 * MAX_MESSAGE_LENGTH;
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
/** Why a value with a schema id cannot be decoded. An event that was decoded must still obey the rules above. */
export const SCHEMA_REASONS = {
  needsRegistry: "has a schema id, but is read without a schema registry",
  valueTooLong: `longer than ${MAX_VALUE_BYTES} bytes`,
  headerTruncated: "its schema id is incomplete",
  schemaUnknown: "its schema id is not in the registry",
  schemaUnreadable: "its schema cannot be read as that of a price event",
  bytesDoNotFit: "its bytes do not fit its schema",
} as const;
export type Reason =
  (typeof REASONS)[keyof typeof REASONS] | (typeof SCHEMA_REASONS)[keyof typeof SCHEMA_REASONS];

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

function assetProblem(asset: string): Reason | undefined {
  if (BLANK.test(asset)) return REASONS.assetEmpty;
  if (isLongerThan(asset, MAX_ASSET_LENGTH)) return REASONS.assetTooLong;
  return undefined;
}

function priceProblem(priceUsd: number): Reason | undefined {
  if (!(priceUsd > 0)) return REASONS.priceTooLow;
  if (!(priceUsd < PRICE_LIMIT_USD)) return REASONS.priceTooHigh;
  return undefined;
}

function timeProblem(eventTimeMs: number, arrivalTimeMs: number): Reason | undefined {
  if (eventTimeMs < 0) return REASONS.timeTooEarly;
  if (eventTimeMs - arrivalTimeMs > MAX_LEAD_MS) return REASONS.timeTooLate;
  return undefined;
}

/** Validates an event that was not text: by the rules of `parseEvent`, as far as they are not about JSON. */
export function checkEvent(event: PriceEvent, arrivalTimeMs: number): PriceEvent | Reason {
  const { asset, priceUsd, eventTimeMs } = event;
  if (asset.includes(REPLACEMENT_CHARACTER)) return REASONS.notUnicode;
  return (
    assetProblem(asset) ??
    priceProblem(priceUsd) ??
    timeProblem(eventTimeMs, arrivalTimeMs) ??
    event
  );
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
  const wrongAsset = assetProblem(asset);
  if (wrongAsset !== undefined) return wrongAsset;
  if (priceUsd === undefined || priceUsd === null) return REASONS.priceMissing;
  if (typeof priceUsd !== "number") return REASONS.priceNotNumber;
  const wrongPrice = priceProblem(priceUsd);
  if (wrongPrice !== undefined) return wrongPrice;
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
  return timeProblem(eventTimeMs, arrivalTimeMs) ?? { asset, priceUsd, eventTimeMs };
}

/**
 * Decodes and validates a value with a schema id.
 *
 * @returns the event, or a readable reason for rejecting it; a promise only if its schema must first be looked up, because
 *   every event passes through here
 */
export type DecodeEvent = (
  value: Buffer,
  arrivalTimeMs: number,
) => PriceEvent | Reason | Promise<PriceEvent | Reason>;

/** What a reader without a registry does. */
const decodeNothing: DecodeEvent = () => SCHEMA_REASONS.needsRegistry;

/** Parses a record's value, whatever its format. @param decode for values with a schema id; without it they are rejected */
export const readEvent = (
  value: Value,
  arrivalTimeMs: number,
  decode = decodeNothing,
): PriceEvent | Reason | Promise<PriceEvent | Reason> =>
  typeof value === "string" ? parseEvent(value, arrivalTimeMs) : decode(value, arrivalTimeMs);

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
