import { parseTimeMs } from "../../labs/shared/time.js";

// Parses the records of the topic.

/** A trade in the units of the products. */
export type Trade = {
  venue: string;
  trade_id: number;
  asset: string;
  price: number;
  quantity: number;
  side: string;
  trade_time: number;
};

/** A valid message: a trade, or the end of the venue's session. */
export interface Message {
  venue: string;
  sequence: number;
  sentMs: number;
  trade: Trade | undefined;
}

/** Why a record is rejected. */
export class Invalid extends Error {}

type Fields = Record<string, unknown>;

const MAX_LEAD_MS = 60_000;
const DECIMAL = /^\d+(\.\d+)?$/;
const NORTHGATE_ASSETS = new Map([
  ["BTC-USD", "bitcoin"],
  ["ETH-USD", "ethereum"],
  ["SOL-USD", "solana"],
]);
const MERIDIAN_ASSETS = new Map([
  ["XBTUSD", "bitcoin"],
  ["ETHUSD", "ethereum"],
  ["SOLUSD", "solana"],
]);
const MERIDIAN_SIDES = new Map([
  ["B", "buy"],
  ["S", "sell"],
]);

function require(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new Invalid(reason);
}

const isPositiveInteger = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) > 0;

function objectIn(value: unknown, name: string): Fields {
  require(typeof value === "object" &&
    value !== null &&
    !Array.isArray(value), `${name} is not a JSON object`);
  return value as Fields;
}

function time(value: unknown, name: string): number {
  const timeMs = typeof value === "string" ? parseTimeMs(value) : NaN;
  require(!Number.isNaN(timeMs), `${name} is not an ISO-8601 time`);
  return timeMs;
}

function decimal(value: unknown, name: string): number {
  require(typeof value === "string" &&
    DECIMAL.test(value), `${name} is not a decimal number in a string`);
  return Number(value);
}

function units(value: unknown, name: string, perUnit: number): number {
  require(isPositiveInteger(value), `${name} is not a positive whole number`);
  return value / perUnit;
}

function named(names: ReadonlyMap<unknown, string>, value: unknown, name: string): string {
  const found = names.get(value);
  require(found !== undefined, `${name} is unknown`);
  return found;
}

const SIDES = new Map([
  ["buy", "buy"],
  ["sell", "sell"],
]);

/** A trade in the format of each venue. */
const TRADE_PARSERS: Record<string, (fields: Fields) => Omit<Trade, "venue">> = {
  northgate: ({ id, symbol, price, size, side, time: tradeTime }) => ({
    trade_id: units(id, "id", 1),
    asset: named(NORTHGATE_ASSETS, symbol, "symbol"),
    price: decimal(price, "price"),
    quantity: decimal(size, "size"),
    side: named(SIDES, side, "side"),
    trade_time: time(tradeTime, "time"),
  }),
  meridian: ({ tid, pair, px, qty, taker, ts }) => ({
    trade_id: units(tid, "tid", 1),
    asset: named(MERIDIAN_ASSETS, pair, "pair"),
    price: units(px, "px", 100),
    quantity: units(qty, "qty", 1_000_000),
    side: named(MERIDIAN_SIDES, taker, "taker"),
    trade_time: units(ts, "ts", 1),
  }),
};

/** Parses a record's value. @throws Invalid with the reason */
export function parseMessage(value: string): Message {
  let json: unknown;
  try {
    json = JSON.parse(value);
  } catch {
    throw new Invalid("the record is not JSON");
  }
  const { venue, sequence, sent_at: sentAt, trade: fields, end } = objectIn(json, "the record");
  const isKnown = typeof venue === "string" && Object.hasOwn(TRADE_PARSERS, venue);
  require(isKnown, "venue is unknown");
  require(isPositiveInteger(sequence), "sequence is not a positive whole number");
  const sentMs = time(sentAt, "sent_at");
  if (end === true) return { venue, sequence, sentMs, trade: undefined };
  const trade = { venue, ...TRADE_PARSERS[venue]!(objectIn(fields, "trade")) };
  require(trade.price > 0, "the price is not above 0");
  require(trade.quantity > 0, "the quantity is not above 0");
  require(trade.trade_time <= sentMs + MAX_LEAD_MS, "the trade is later than the message");
  return { venue, sequence, sentMs, trade };
}
