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
}

/**
 * Starts an exchange that needs no internet: it serves a recorded market on loopback, as CoinGecko's `/simple/price` and as
 * Coinbase's ticker feed. It has its own clock, which each REST request advances by `stepMs`, so that polling for an hour
 * takes a second and gives the same answers every time. A subscriber of the feed receives the whole market at once.
 *
 * Formats, errors and headers: CoinGecko API reference, "Coin Price by IDs" and "Rate limit"; Coinbase Exchange
 * documentation, "WebSocket Channels".
 */
export async function startExchange({
  events,
  stepMs,
  requestsPerMinute = Infinity,
}: ExchangeOptions): Promise<Exchange> {
  const requests: Exchange["requests"] = [];
  let clockMs = events[0]!.arrivalTimeMs;
  let minute = 0;
  let inMinute = 0;
  let next = 0;
  const latest = new Map<string, ObservedEvent>();

  function moveTo(timeMs: number): void {
    clockMs = timeMs;
    while (next < events.length && events[next]!.arrivalTimeMs <= clockMs) {
      latest.set(events[next]!.asset, events[next]!);
      next++;
    }
  }

  function answer(response: ServerResponse, status: number, body: object, headers = {}): void {
    requests.push({ status, marketTimeMs: clockMs });
    response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
    response.end(JSON.stringify(body));
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, "http://exchange");
    if (pathname !== "/api/v3/simple/price") {
      answer(response, 404, { error: "Not Found" });
      return;
    }
    moveTo(clockMs + (requests.length === 0 ? 0 : stepMs));
    if (Math.floor(clockMs / 60_000) !== minute) {
      minute = Math.floor(clockMs / 60_000);
      inMinute = 0;
    }
    if (++inMinute > requestsPerMinute) {
      // The client waits for a second; the market's clock moves on to the next minute.
      const error_message =
        "You've exceeded the Rate Limit. Please visit https://www.coingecko.com/en/api/pricing";
      answer(response, 429, { status: { error_code: 429, error_message } }, { "retry-after": "1" });
      clockMs = (minute + 1) * 60_000 - stepMs;
      return;
    }
    const coins = (searchParams.get("ids") ?? "").split(",").flatMap((asset) => {
      const event = latest.get(asset);
      if (event === undefined) return [];
      const last_updated_at = Math.floor(event.eventTimeMs / 1_000);
      return [[asset, { usd: event.priceUsd, last_updated_at }] as const];
    });
    answer(response, 200, Object.fromEntries(coins), { "cache-control": "max-age=60, public" });
  });

  const feed = new WebSocketServer({ server });
  feed.on("connection", (socket: WebSocket) => {
    socket.once("message", (data) => {
      const { product_ids: productIds } = JSON.parse(String(data)) as { product_ids: string[] };
      const send = (message: object) => socket.send(JSON.stringify(message));
      const channels = ["ticker", "heartbeat"].map((name) => ({ name, product_ids: productIds }));
      send({ type: "subscriptions", channels });
      for (const [index, { asset, priceUsd, eventTimeMs }] of events.entries()) {
        const product_id = PRODUCT_IDS.get(asset) ?? asset;
        if (!productIds.includes(product_id)) continue;
        const time = formatTime(eventTimeMs);
        send({ type: "ticker", sequence: index, product_id, price: String(priceUsd), time });
      }
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
