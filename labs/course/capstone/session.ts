import { seededRandom } from "../../source/market.js";
import { formatTime } from "../../shared/time.js";

// The trading session of the capstone's feed: what the vendor sends, and which trades it really contains. A pure function of
// the seed. labs/exercises/capstone/README.md documents the messages for the learner.

export const VENUES = ["northgate", "meridian"] as const;
export type Venue = (typeof VENUES)[number];

/** A trade in the units of the products. */
export interface Trade {
  venue: Venue;
  /** Unique within the venue. */
  tradeId: number;
  asset: string;
  /** US dollars per coin. */
  price: number;
  /** Coins. */
  quantity: number;
  side: "buy" | "sell";
  tradeTimeMs: number;
}

/** A message of the feed. */
export interface FeedMessage {
  venue: Venue;
  /** From 1, without gaps within the venue. */
  sequence: number;
  kind: "trade" | "repeated" | "invalid" | "end";
  /** The JSON text. */
  text: string;
  /** When the vendor sends it, in the session's own time. */
  sentMs: number;
  /** The trade of a `trade` or `repeated` message. */
  trade?: Trade;
  /** How far the trade is behind the latest trade with a lower sequence number in the venue, milliseconds; 0 if it is not. */
  lateMs: number;
}

export interface Session {
  seed: number;
  /** By venue, in the order of their sequence numbers. */
  messages: Record<Venue, FeedMessage[]>;
}

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2025, 2, 3, 10);
/** The minutes of the session in which trades happen. Between them lies the silent hour. */
const ACTIVE: readonly [from: number, to: number][] = [
  [0, 40],
  [100, 140],
];
/** Trades that happen in these minutes may be sent half an hour late: still while others trade. */
const VERY_LATE_MINUTES: readonly [from: number, to: number][] = [
  [1, 9],
  [101, 109],
];

/** What has been sent before this time is history when a program first connects: only REST has it. */
export const OPENED_MS = START_MS + 10 * MINUTE_MS;
/** Nothing is sent between these times. */
export const SILENCE_MS: readonly [from: number, to: number] = [
  START_MS + 45 * MINUTE_MS,
  START_MS + 100 * MINUTE_MS,
];

const TRADES_PER_MINUTE = 30;
const LATE = 0.06;
const VERY_LATE = 0.03;
const REPEATED = 0.03;
const INVALID = 0.015;
/** Windows must count every trade that is late by at most this much. */
export const MAX_LATENESS_MS = 2 * MINUTE_MS;

const COINS = [
  { asset: "bitcoin", price: 94_000, northgate: "BTC-USD", meridian: "XBTUSD" },
  { asset: "ethereum", price: 3_300, northgate: "ETH-USD", meridian: "ETHUSD" },
  { asset: "solana", price: 190, northgate: "SOL-USD", meridian: "SOLUSD" },
];

type Fields = Record<string, unknown>;
interface Sent {
  kind: FeedMessage["kind"];
  sentMs: number;
  fields: Fields | string;
  trade?: Trade;
}

/** The whole session of a seed. */
export function generateSession(seed: number): Session {
  const random = seededRandom(seed);
  const messages = Object.fromEntries(
    VENUES.map((venue) => [venue, numbered(venue, venueMessages(venue, random))]),
  ) as Session["messages"];
  return { seed, messages };
}

const isWithin = (minutes: readonly [number, number][], timeMs: number): boolean =>
  minutes.some(
    ([from, to]) => timeMs >= START_MS + from * MINUTE_MS && timeMs < START_MS + to * MINUTE_MS,
  );

/** What a venue sends, in any order. */
function venueMessages(venue: Venue, random: () => number): Sent[] {
  const between = (from: number, to: number) => from + random() * (to - from);
  const prices = COINS.map(({ price }) => price * between(0.999, 1.001));
  const sent: Sent[] = [];
  let tradeId = 5_000;
  let invalid = 0;
  for (const [from, to] of ACTIVE) {
    const endMs = START_MS + to * MINUTE_MS;
    let clockMs = START_MS + from * MINUTE_MS;
    for (;;) {
      // Exponential gaps: trades are a Poisson process.
      clockMs += (-Math.log(1 - random()) * MINUTE_MS) / TRADES_PER_MINUTE;
      if (clockMs >= endMs) break;
      const tradeTimeMs = Math.floor(clockMs);
      const coin = Math.floor(random() * COINS.length);
      prices[coin]! *= Math.exp(between(-0.0005, 0.0005));
      const cents = Math.round(prices[coin]! * 100);
      const millionths = 1 + Math.floor(random() ** 3 * 5_000_000);
      const side = random() < 0.5 ? "buy" : "sell";
      const trade: Trade = {
        venue,
        tradeId: ++tradeId,
        asset: COINS[coin]!.asset,
        price: cents / 100,
        quantity: millionths / 1_000_000,
        side,
        tradeTimeMs,
      };
      const fields = fieldsOf[venue](trade, COINS[coin]![venue], cents, millionths);
      let delayMs = between(50, 3_000);
      if (random() < LATE) delayMs = between(20_000, 110_000);
      if (isWithin(VERY_LATE_MINUTES, tradeTimeMs) && random() < VERY_LATE) {
        delayMs = between(25 * MINUTE_MS, 28 * MINUTE_MS);
      }
      const sentMs = Math.floor(clockMs + delayMs);
      if (random() < INVALID) {
        const breakage = BREAKAGES[invalid++ % BREAKAGES.length]!;
        sent.push({ kind: "invalid", sentMs, fields: breakage(fields) });
        continue;
      }
      sent.push({ kind: "trade", sentMs, fields, trade });
      if (random() < REPEATED) {
        const againMs = sentMs + Math.floor(between(500, 180_000));
        if (againMs < SILENCE_MS[0] || againMs >= SILENCE_MS[1]) {
          sent.push({ kind: "repeated", sentMs: againMs, fields, trade });
        }
      }
    }
  }
  return sent;
}

/** A trade in the format of each venue. */
const fieldsOf: Record<
  Venue,
  (trade: Trade, symbol: string, cents: number, millionths: number) => Fields
> = {
  northgate: ({ tradeId, side, tradeTimeMs }, symbol, cents, millionths) => ({
    id: tradeId,
    symbol,
    price: (cents / 100).toFixed(2),
    size: (millionths / 1_000_000).toFixed(6),
    side,
    time: formatTime(tradeTimeMs),
  }),
  meridian: ({ tradeId, side, tradeTimeMs }, pair, cents, millionths) => ({
    tid: tradeId,
    pair,
    px: cents,
    qty: millionths,
    taker: side === "buy" ? "B" : "S",
    ts: tradeTimeMs,
  }),
};

/** The names of a field in the two formats. */
const nameIn = (fields: Fields, ...names: string[]) => names.find((name) => name in fields)!;
const without = (fields: Fields, omitted: string) =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => name !== omitted));

/** The ways in which a trade of the feed is invalid. */
const BREAKAGES: ((fields: Fields) => Fields | string)[] = [
  (fields) => JSON.stringify(fields).slice(0, 41),
  (fields) => without(fields, nameIn(fields, "price", "px")),
  (fields) => ({ ...fields, [nameIn(fields, "price", "px")]: null }),
  (fields) => ({ ...fields, [nameIn(fields, "size", "qty")]: "qty" in fields ? 0 : "-0.500000" }),
  (fields) => ({ ...fields, [nameIn(fields, "symbol", "pair")]: "TESTUSD" }),
  (fields) => {
    const farMs = START_MS + 365 * 24 * 60 * MINUTE_MS;
    return { ...fields, ...("ts" in fields ? { ts: farMs } : { time: formatTime(farMs) }) };
  },
  (fields) => ({ ...fields, [nameIn(fields, "time", "ts")]: "yesterday" }),
  (fields) => ({ ...fields, [nameIn(fields, "side", "taker")]: "hold" }),
];

/** Sorts what a venue sends by time, numbers it, and adds the end. */
function numbered(venue: Venue, unsorted: Sent[]): FeedMessage[] {
  const sent = unsorted.sort((a, b) => a.sentMs - b.sentMs);
  let latestMs = -Infinity;
  const messages = sent.map(({ kind, sentMs, fields, trade }, index): FeedMessage => {
    const sequence = index + 1;
    const lateMs = trade === undefined ? 0 : Math.max(0, latestMs - trade.tradeTimeMs);
    if (trade !== undefined) latestMs = Math.max(latestMs, trade.tradeTimeMs);
    const text = JSON.stringify({ venue, sequence, sent_at: formatTime(sentMs), trade: fields });
    return { venue, sequence, kind, text, sentMs, trade, lateMs };
  });
  const sequence = messages.length + 1;
  const sentMs = sent.at(-1)!.sentMs + MINUTE_MS;
  const text = JSON.stringify({ venue, sequence, sent_at: formatTime(sentMs), end: true });
  return [...messages, { venue, sequence, kind: "end", text, sentMs, lateMs: 0 }];
}

export const allMessages = ({ messages }: Session): FeedMessage[] =>
  VENUES.flatMap((venue) => messages[venue]);
