import { priceMessage, type Message } from "../event.js";
import { formatTime } from "../shared/time.js";
import { wholeNumber } from "../shared/option.js";
import { SPEED } from "./pace.js";
import type { Source, SourceCommand } from "./source.js";

/** The first ten assets and their initial prices in US dollars. */
const COINS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    bitcoin: 94_000,
    ethereum: 3_300,
    solana: 190,
    ripple: 2.1,
    cardano: 0.85,
    dogecoin: 0.32,
    polkadot: 6.7,
    litecoin: 104,
    chainlink: 20,
    stellar: 0.34,
  }),
);
const NAMES = [...COINS.keys()];
const BEGIN_MS = Date.UTC(2025, 0, 1, 10);
/** How many messages are generated at once. Control then returns to the event loop, so that Ctrl-C is noticed. */
const PIECE = 1_000;

/** The parameters of the simulation. Probabilities are from 0 to 1, per message. */
export interface MarketOptions {
  seed: number;
  /** The total number of messages. */
  events: number;
  /** Names, or a number of assets; ten by default. */
  assets?: readonly string[] | number;
  /** Messages per second of simulated time, over all assets. */
  eventsPerSecond?: number;
  /** Every event is delayed by up to this long, so that events arrive out of order. */
  disorderMs?: number;
  /** Probability that an event is delayed much longer, by up to `lateByMs`. */
  lateness?: number;
  lateByMs?: number;
  /** Probability that a message is sent twice. */
  duplicates?: number;
  /** Probability that a message is malformed. */
  malformed?: number;
  /** Probability that an event moves its price by several percent at once. */
  jumps?: number;
  speed?: number;
}

/** Uniform random numbers from 0 to below 1 that depend only on the seed: the mulberry32 generator. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Ways in which real producers send malformed messages. */
const BREAKAGES: ((message: Message) => string)[] = [
  ({ value }) => value.slice(0, Math.floor(value.length / 2)),
  ({ value }) => value.replace('"price_usd":', '"price":'),
  ({ value }) => value.replace('"price_usd":', '"price_usd":-'),
  ({ value }) => value.replace(/"price_usd":([\d.e-]+)/, '"price_usd":"$1"'),
  ({ value }) => value.replace(/"event_time":"[^"]*"/, '"event_time":"yesterday"'),
  ({ value }) => value.replace(/"event_time":"\d{4}/, '"event_time":"2099'),
];

function assetNames(assets: readonly string[] | number): readonly string[] {
  if (typeof assets !== "number") return assets;
  return Array.from({ length: assets }, (_, index) => NAMES[index] ?? `asset-${index + 1}`);
}

/**
 * A simulated market: a random walk for each asset, with late, out-of-order, duplicate and malformed messages. The same
 * options give the same bytes.
 */
export function market(options: MarketOptions): Source {
  const {
    seed,
    events,
    assets = NAMES.length,
    eventsPerSecond = 100,
    disorderMs = 2_000,
    lateness = 0.002,
    lateByMs = 180_000,
    duplicates = 0.001,
    malformed = 0.001,
    jumps = 0.0002,
    speed,
  } = options;
  let made = 0;

  async function* simulated(signal: AbortSignal): AsyncGenerator<Message[]> {
    const random = seededRandom(seed);
    const names = assetNames(assets);
    const prices = names.map((name) => COINS.get(name) ?? 10 ** (random() * 4));
    let clockMs = BEGIN_MS;
    let previous: Message | undefined;
    let piece: Message[] = [];
    for (made = 0; made < events; made++) {
      if (piece.length === PIECE) {
        yield piece;
        piece = [];
        await new Promise((resolve) => setImmediate(resolve));
        if (signal.aborted) return;
      }
      // Exponential gaps: arrivals are a Poisson process.
      clockMs += (-Math.log(1 - random()) * 1_000) / eventsPerSecond;
      const timestampMs = Math.floor(clockMs);
      if (previous !== undefined && random() < duplicates) {
        piece.push({ ...previous, timestampMs });
        continue;
      }
      const index = Math.floor(random() * names.length);
      const asset = names[index]!;
      const change = random() < jumps ? (random() - 0.5) * 0.08 : (random() - 0.5) * 0.0006;
      const price = prices[index]! * Math.exp(change);
      prices[index] = price;
      const delayMs = random() * (random() < lateness ? lateByMs : disorderMs);
      const eventTime = formatTime(Math.floor(clockMs - delayMs));
      const message = priceMessage(asset, Number(price.toPrecision(9)), eventTime, timestampMs);
      if (random() < malformed) {
        const breakage = BREAKAGES[Math.floor(random() * BREAKAGES.length)]!;
        piece.push({ ...message, value: breakage(message) });
        continue;
      }
      previous = message;
      piece.push(message);
    }
    if (piece.length > 0) yield piece;
  }

  return {
    name: "market",
    finite: true,
    speed,
    counts: {},
    fractionRead: () => made / events,
    messages: simulated,
  };
}

export const marketCommand: SourceCommand = {
  name: "market",
  help: "a simulation",
  options: [
    SPEED,
    {
      flags: "--seed <n>",
      help: "the same seed gives the same events",
      parse: wholeNumber(0, 2 ** 32 - 1),
      default: 1,
    },
    { flags: "--events <n>", help: "number of events", parse: wholeNumber(1), default: 100_000 },
  ],
  open({ seed, events, speed }: { seed: number; events: number; speed?: number }, { assets }) {
    const source = market({ seed, events, assets, speed });
    return Promise.resolve({ source, settings: { seed, events } });
  },
};
