import type { Trade } from "./message.js";

// The state of one venue, and the windows of its trades. The venue's messages come in the order of their sequence numbers.

export const MINUTE_MS = 60_000;
const MAX_LATENESS_MS = 2 * MINUTE_MS;
/** The feed sends a trade again within ten minutes of its own clock. */
const REPEATED_WITHIN_MS = 10 * MINUTE_MS;

export type WindowRow = {
  venue: string;
  asset: string;
  window_start: number;
  count: number;
  volume: number;
  vwap: number;
};

interface OpenWindow {
  asset: string;
  startMs: number;
  count: number;
  volume: number;
  /** The sum of price × quantity. */
  value: number;
}

/** Plain JSON, so that it can be stored. */
export interface VenueState {
  /** The last sequence number. A lower one is a record that the producer has written twice. */
  sequence: number;
  isEnded: boolean;
  latestTradeMs: number;
  /** When the venue's latest message was sent; another venue may be ahead of it or behind. */
  latestSentMs: number;
  /** When each of the recent trades was first sent, by id. */
  sentMs: Record<string, number>;
  windows: OpenWindow[];
}

export const newVenue = (): VenueState => ({
  sequence: 0,
  isEnded: false,
  latestTradeMs: 0,
  latestSentMs: 0,
  sentMs: {},
  windows: [],
});

/** The trades before this time are too late for their window. */
const watermarkMs = ({ isEnded, latestTradeMs }: VenueState): number =>
  isEnded ? Infinity : latestTradeMs - MAX_LATENESS_MS;

/** Adds a trade to its window. @returns false if it has been added before */
export function addTrade(state: VenueState, trade: Trade, sentMs: number): boolean {
  state.latestSentMs = Math.max(state.latestSentMs, sentMs);
  if (state.sentMs[trade.trade_id] !== undefined) return false;
  state.sentMs[trade.trade_id] = sentMs;
  const startMs = Math.floor(trade.trade_time / MINUTE_MS) * MINUTE_MS;
  if (startMs + MINUTE_MS > watermarkMs(state)) {
    let window = state.windows.find(
      (each) => each.asset === trade.asset && each.startMs === startMs,
    );
    if (window === undefined) {
      window = { asset: trade.asset, startMs, count: 0, volume: 0, value: 0 };
      state.windows.push(window);
    }
    window.count++;
    window.volume += trade.quantity;
    window.value += trade.price * trade.quantity;
  }
  state.latestTradeMs = Math.max(state.latestTradeMs, trade.trade_time);
  return true;
}

/** Removes and returns the windows that are final, and forgets the trades that cannot be sent again. */
export function takeFinal(venue: string, state: VenueState): WindowRow[] {
  for (const [id, firstMs] of Object.entries(state.sentMs)) {
    if (firstMs < state.latestSentMs - REPEATED_WITHIN_MS) delete state.sentMs[id];
  }
  const isFinal = ({ startMs }: OpenWindow) => startMs + MINUTE_MS <= watermarkMs(state);
  const final = state.windows.filter(isFinal);
  state.windows = state.windows.filter((window) => !isFinal(window));
  return final.map(({ asset, startMs, count, volume, value }) => ({
    venue,
    asset,
    window_start: startMs,
    count,
    volume,
    vwap: value / volume,
  }));
}
