import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import { PRODUCT_IDS } from "../../labs/source/websocket.js";
import { formatTime } from "../../labs/shared/time.js";
import { randomOf } from "./random.js";

const BEGIN_MS = Date.UTC(2025, 0, 1, 10);
const TICK_MS = 20;
const HEARTBEAT_MS = 1_000;
const BROKEN = 0.005;

export interface FeedOptions {
  seed: number;
  /** How many tickers in all. */
  messages: number;
  perSecond: number;
  /** Event time between two tickers, milliseconds. */
  stepMs: number;
}

/** A local stand-in for Coinbase's ticker: what it sends, and in which order, depends on the seed alone. */
export interface LiveFeed {
  url: string;
  /** What was sent so far, each in the form in which it reaches the log; no two are the same. */
  sent: string[];
  /** How many had been sent when the newest subscriber came. */
  sentBeforeSubscriber(): number;
  isSubscribed(): boolean;
  close(): void;
}

/**
 * Sends each ticker once, to the newest subscriber, and goes on with the next one when another subscribes: as at a real
 * exchange, what is sent to a pipeline that is killed does not come again. Event times only grow.
 */
export async function openLiveFeed(options: FeedOptions): Promise<LiveFeed> {
  const { messages, perSecond, stepMs } = options;
  const random = randomOf(options.seed, 0);
  const assets = [...PRODUCT_IDS.keys()].slice(0, 3);
  const sent: string[] = [];
  let subscriber: WebSocket | undefined;
  let sentBefore = 0;
  let due = 0;
  let nextHeartbeatMs = 0;

  function sendTicker(socket: WebSocket): void {
    const asset = random.pick(assets);
    const index = sent.length;
    const event_time = formatTime(BEGIN_MS + index * stepMs);
    // The running number makes every ticker another one.
    const price = 1_000 + random.integer(0, 99) + index / 1e6;
    const isBroken = random.chance(BROKEN);
    const text = isBroken ? `${price} dollars` : String(price);
    const price_usd = isBroken ? text : Number(text);
    sent.push(JSON.stringify({ asset, price_usd, event_time }));
    const product_id = PRODUCT_IDS.get(asset);
    socket.send(JSON.stringify({ type: "ticker", product_id, price: text, time: event_time }));
  }

  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await new Promise((resolve) => server.once("listening", resolve));
  server.on("connection", (socket) => {
    socket.on("error", () => {}); // of a process that was killed
    socket.once("message", () => {
      socket.send(JSON.stringify({ type: "subscriptions", channels: [] }));
      sentBefore = sent.length;
      due = 0;
      nextHeartbeatMs = 0;
      subscriber = socket;
    });
  });
  const timer = setInterval(() => {
    if (subscriber === undefined || subscriber.readyState !== subscriber.OPEN) return;
    if (performance.now() >= nextHeartbeatMs) {
      nextHeartbeatMs = performance.now() + HEARTBEAT_MS;
      subscriber.send(JSON.stringify({ type: "heartbeat", product_id: "BTC-USD" }));
    }
    for (due += (perSecond * TICK_MS) / 1_000; due >= 1 && sent.length < messages; due--) {
      sendTicker(subscriber);
    }
  }, TICK_MS);
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent,
    sentBeforeSubscriber: () => sentBefore,
    isSubscribed: () => subscriber?.readyState === subscriber?.OPEN && subscriber !== undefined,
    close() {
      clearInterval(timer);
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}
