import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import { parseEvent } from "../../labs/event.js";
import { LabError, UsageError } from "../../labs/shared/errors.js";
import { websocket, type WebsocketOptions } from "../../labs/source/websocket.js";
import { take } from "../../labs/course/lesson/observed.js";
import { eachMessage } from "../support/each-message.js";

/** A ticker message as Coinbase Exchange sends it. */
const ticker = (productId: string, price: unknown, time = "2025-01-01T10:00:10.265000Z") => ({
  type: "ticker",
  sequence: 37_475_248_783,
  product_id: productId,
  price,
  open_24h: "1310.79",
  volume_24h: "245532.79269678",
  side: "buy",
  time,
  trade_id: 370_843_401,
  last_size: "11.4396987",
});
const heartbeat = {
  type: "heartbeat",
  sequence: 90,
  last_trade_id: 20,
  product_id: "BTC-USD",
  time: "2025-01-01T10:00:10.464Z",
};

type Behaviour = (socket: WebSocket, subscription: Record<string, unknown>) => void;

const send = (socket: WebSocket, ...messages: object[]) => {
  for (const message of messages) socket.send(JSON.stringify(message));
};

/** A local feed: connection by connection it behaves as told, then for ever as the last one. */
async function feed(...behaviours: [Behaviour, ...Behaviour[]]) {
  const subscriptions: Record<string, unknown>[] = [];
  let connections = 0;
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await new Promise((resolve) => server.once("listening", resolve));
  server.on("connection", (socket) => {
    const behave = behaviours[Math.min(connections++, behaviours.length - 1)]!;
    socket.once("message", (data) => {
      const subscription = JSON.parse(String(data)) as Record<string, unknown>;
      subscriptions.push(subscription);
      behave(socket, subscription);
    });
  });
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, subscriptions };
}

function listen(options: Partial<WebsocketOptions> & { url: string }) {
  const notices: string[] = [];
  const source = websocket({
    assets: ["bitcoin"],
    firstRetryMs: 5,
    notify: (notice) => notices.push(notice),
    ...options,
  });
  return { source, notices };
}

test("subscribes to ticker and heartbeat, and yields tickers under the lab's names", async () => {
  const { url, subscriptions } = await feed((socket) =>
    send(
      socket,
      { type: "subscriptions", channels: [] },
      heartbeat,
      ticker("BTC-USD", "68340.12"),
      ticker("ETH-USD", "1285.22"),
    ),
  );
  const { source } = listen({ url, assets: ["bitcoin", "ETH-USD"] });
  const before = Date.now();
  const messages = await take(source, 2);
  expect(subscriptions).toEqual([
    { type: "subscribe", product_ids: ["BTC-USD", "ETH-USD"], channels: ["ticker", "heartbeat"] },
  ]);
  expect(messages.map(({ key, value }) => [key, JSON.parse(value)])).toEqual([
    [
      "bitcoin",
      { asset: "bitcoin", price_usd: 68_340.12, event_time: "2025-01-01T10:00:10.265000Z" },
    ],
    [
      "ETH-USD",
      { asset: "ETH-USD", price_usd: 1285.22, event_time: "2025-01-01T10:00:10.265000Z" },
    ],
  ]);
  expect(messages[0]!.timestampMs).toBeGreaterThanOrEqual(before);
  expect(source.counts).toMatchObject({ connections: 1, heartbeats: 1, unreadable: 0 });
});

test("a dropped connection is made again, and the subscription with it", async () => {
  const { url, subscriptions } = await feed(
    (socket) => {
      send(socket, ticker("BTC-USD", "1"));
      socket.close();
    },
    (socket) => socket.terminate(),
    (socket) => send(socket, ticker("BTC-USD", "2")),
  );
  const { source, notices } = listen({ url });
  const values = (await take(source, 2)).map(({ value }) => JSON.parse(value) as unknown);
  expect(values).toMatchObject([{ price_usd: 1 }, { price_usd: 2 }]);
  expect(subscriptions).toHaveLength(3);
  expect(notices).toHaveLength(2);
});

test("a feed that falls silent is left and connected to again", async () => {
  const { url } = await feed(
    (socket) => send(socket, ticker("BTC-USD", "1")),
    (socket) => send(socket, ticker("BTC-USD", "2")),
  );
  const { source, notices } = listen({ url, silenceMs: 100 });
  expect(await take(source, 2)).toHaveLength(2);
  expect(notices[0]).toContain("nothing received for 0.1 s");
});

test("heartbeats alone keep a connection", async () => {
  const { url } = await feed((socket) => {
    const timer = setInterval(() => send(socket, heartbeat), 50);
    setTimeout(() => {
      clearInterval(timer);
      send(socket, ticker("BTC-USD", "1"));
    }, 2_500);
  });
  const { source, notices } = listen({ url, silenceMs: 1_000 });
  expect(await take(source, 1)).toHaveLength(1);
  expect(notices).toEqual([]);
});

test("garbage goes to the log as it came, where it is rejected with its reason", async () => {
  const { url } = await feed((socket) => {
    socket.send("not json");
    socket.send(Buffer.from([0xff, 0x00, 0xfe]));
    socket.send("[1,2]");
    send(
      socket,
      ticker("BTC-USD", "0x1F"),
      ticker("BTC-USD", ""),
      ticker("DOGE-USD", "1"),
      ticker("BTC-USD", "1", "now"),
      { type: "last_match" },
      ticker("BTC-USD", "7"),
    );
  });
  const { source } = listen({ url });
  const messages = await take(source, 8);
  const results = messages.map(({ value, timestampMs }) => parseEvent(value, timestampMs));
  expect(results.map((result) => typeof result)).toEqual([
    ...new Array<string>(3).fill("string"),
    "string",
    "string",
    "string",
    "string",
    "object",
  ]);
  expect(messages[0]!.value).toBe("not json");
  expect(source.counts["unreadable"]).toBe(4);
});

test("a refused subscription ends the source with the feed's own words", async () => {
  const { url } = await feed((socket) =>
    send(socket, {
      type: "error",
      message: "Failed to subscribe",
      reason: "XYZ-USD is not a valid product",
    }),
  );
  const { source } = listen({ url, assets: ["XYZ-USD"] });
  const error = await take(source, 1).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(LabError);
  expect(String(error)).toContain("XYZ-USD is not a valid product");
});

test("an unreachable feed is tried again, and stopping ends the wait at once", async () => {
  const { source, notices } = listen({ url: "ws://127.0.0.1:1", firstRetryMs: 60_000 });
  const stop = new AbortController();
  const ended = (async () => {
    for await (const message of eachMessage(source, stop.signal)) throw new Error(message.value);
  })();
  await expect.poll(() => notices.length).toBe(1);
  stop.abort();
  await ended;
});

test("an asset that Coinbase does not list is a usage error that names the others", () => {
  expect(() => listen({ url: "ws://127.0.0.1:1", assets: ["nonsense"] })).toThrow(UsageError);
  expect(() => listen({ url: "ws://127.0.0.1:1", assets: ["nonsense"] })).toThrow(/bitcoin/);
});
