import { createHash } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import { formatTime } from "../../shared/time.js";
import type { ObservedEvent } from "../../event.js";
import { PRODUCT_IDS } from "../../source/websocket.js";

export interface Exchange {
  /** For `coingecko({ url })`. */
  restUrl: string;
  /** For `websocket({ url })`. */
  webSocketUrl: string;
  /** The requests to the REST interface: the status of each answer, and the market's time. */
  requests: { status: number; marketTimeMs: number }[];
  close(): Promise<void>;
}

export interface ExchangeOptions {
  /** The events of the market, in order of arrival. */
  events: readonly ObservedEvent[];
  /** How far each REST request advances the market's clock, milliseconds. */
  stepMs: number;
  /** The number of REST requests allowed per minute of the market's clock; the next one gets a 429. */
  requestsPerMinute?: number;
  /** How often the REST interface refreshes its cache, by the market's clock, milliseconds; by default, it has no cache. */
  cacheMs?: number;
}

/** What a client of the feed sends first: the channels may be names, or objects with names. */
interface Subscription {
  type?: string;
  product_ids?: string[];
  channels?: (string | { name: string })[];
}

/**
 * Starts an exchange that needs no internet: it serves a recorded market on loopback, as CoinGecko's `/simple/price` and as
 * Coinbase's feed with the channels `ticker`, `matches` and `heartbeat`. It has its own clock, which each REST request
 * advances by `stepMs`, so that polling for an hour takes a second and gives the same answers every time. A subscriber of
 * the feed receives the whole market at once, with a heartbeat for each second of it.
 *
 * Coinbase's ticker batches cascades of matches, which are the trades that one order causes. A recorded market does not
 * tell orders apart: here a cascade is the consecutive trades of an asset with the same event time.
 *
 * Formats, errors and headers: CoinGecko API reference, "Coin Price by IDs" and "Rate limit"; RFC 9110, 13.1.2
 * (If-None-Match); Coinbase Exchange documentation, "WebSocket Channels".
 */
export async function startExchange({
  events,
  stepMs,
  requestsPerMinute = Infinity,
  cacheMs = 0,
}: ExchangeOptions): Promise<Exchange> {
  const requests: Exchange["requests"] = [];
  const beginMs = events[0]!.arrivalTimeMs;
  let clockMs = beginMs;
  let minute = 0;
  let inMinute = 0;
  let next = 0;
  const latest = new Map<string, ObservedEvent>();

  /** Advances the clock, and the prices to the time of the cache. @returns how old the cache is */
  function moveTo(timeMs: number): number {
    clockMs = timeMs;
    const ageMs = cacheMs === 0 ? 0 : (clockMs - beginMs) % cacheMs;
    while (next < events.length && events[next]!.arrivalTimeMs <= clockMs - ageMs) {
      latest.set(events[next]!.asset, events[next]!);
      next++;
    }
    return ageMs;
  }

  function answer(response: ServerResponse, status: number, body: string, headers = {}): void {
    requests.push({ status, marketTimeMs: clockMs });
    response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
    response.end(body);
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, "http://exchange");
    if (pathname !== "/api/v3/simple/price") {
      answer(response, 404, JSON.stringify({ error: "Not Found" }));
      return;
    }
    const ageMs = moveTo(clockMs + (requests.length === 0 ? 0 : stepMs));
    if (Math.floor(clockMs / 60_000) !== minute) {
      minute = Math.floor(clockMs / 60_000);
      inMinute = 0;
    }
    if (++inMinute > requestsPerMinute) {
      // The client waits for a second; the market's clock moves on to the next minute.
      const error_message =
        "You've exceeded the Rate Limit. Please visit https://www.coingecko.com/en/api/pricing";
      const body = JSON.stringify({ status: { error_code: 429, error_message } });
      answer(response, 429, body, { "retry-after": "1" });
      clockMs = (minute + 1) * 60_000 - stepMs;
      return;
    }
    const coins = (searchParams.get("ids") ?? "").split(",").flatMap((asset) => {
      const event = latest.get(asset);
      if (event === undefined) return [];
      const last_updated_at = Math.floor(event.eventTimeMs / 1_000);
      return [[asset, { usd: event.priceUsd, last_updated_at }] as const];
    });
    const body = JSON.stringify(Object.fromEntries(coins));
    const etag = `W/"${createHash("sha256").update(body).digest("hex").slice(0, 16)}"`;
    const headers = {
      "cache-control": `max-age=${cacheMs / 1_000}, public`,
      age: String(Math.floor(ageMs / 1_000)),
      etag,
    };
    const isKnown = request.headers["if-none-match"] === etag;
    answer(response, isKnown ? 304 : 200, isKnown ? "" : body, headers);
  });

  const feed = new WebSocketServer({ server });
  feed.on("connection", (socket: WebSocket) => {
    socket.once("message", (data) => {
      const send = (message: object) => socket.send(JSON.stringify(message));
      const subscription = JSON.parse(String(data)) as Subscription;
      for (const message of feedMessages(events, subscription)) send(message);
    });
  });

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    restUrl: `http://127.0.0.1:${port}`,
    webSocketUrl: `ws://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        for (const socket of feed.clients) socket.terminate();
        feed.close();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const HEARTBEAT_MS = 1_000;

/** The feed's answer to a subscription: a confirmation, then the whole market. */
function* feedMessages(
  events: readonly ObservedEvent[],
  { type, product_ids: productIds = [], channels = [] }: Subscription,
): Generator<object> {
  const names = channels.map((channel) => (typeof channel === "string" ? channel : channel.name));
  const productOf = (asset: string) => PRODUCT_IDS.get(asset) ?? asset;
  const products = new Set(events.map(({ asset }) => productOf(asset)));
  const unknown = productIds.find((id) => !products.has(id));
  if (type !== "subscribe" || unknown !== undefined) {
    const reason = unknown === undefined ? "no subscription" : `${unknown} is not a valid product`;
    yield { type: "error", message: "Failed to subscribe", reason };
    return;
  }
  yield {
    type: "subscriptions",
    channels: names.map((name) => ({ name, product_ids: productIds })),
  };
  const wanted = events.filter(({ asset }) => productIds.includes(productOf(asset)));
  let beatMs = (wanted[0]?.arrivalTimeMs ?? 0) + HEARTBEAT_MS;
  /** The number of trades of each product so far. */
  const numbers = new Map<string, number>();
  for (const [index, { asset, priceUsd, eventTimeMs, arrivalTimeMs }] of wanted.entries()) {
    const product_id = productOf(asset);
    if (names.includes("heartbeat")) {
      for (; beatMs <= arrivalTimeMs; beatMs += HEARTBEAT_MS) {
        const time = formatTime(beatMs);
        for (const id of productIds) {
          const last = numbers.get(id) ?? 0;
          yield { type: "heartbeat", sequence: last, last_trade_id: last, product_id: id, time };
        }
      }
    }
    const number = (numbers.get(product_id) ?? 0) + 1;
    numbers.set(product_id, number);
    const common = { sequence: number, trade_id: number, product_id };
    const trade = { ...common, price: String(priceUsd), time: formatTime(eventTimeMs) };
    if (names.includes("matches")) yield { type: "match", ...trade };
    const following = wanted[index + 1];
    const isCascade = following?.asset === asset && following.eventTimeMs === eventTimeMs;
    if (names.includes("ticker") && !isCascade) yield { type: "ticker", ...trade };
  }
}
