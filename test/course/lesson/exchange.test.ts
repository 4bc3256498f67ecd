import axios from "axios";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { parseEvent, type ObservedEvent } from "../../../labs/event.js";
import { coingecko } from "../../../labs/source/coingecko.js";
import { startExchange, type ExchangeOptions } from "../../../labs/course/lesson/exchange.js";
import { take } from "../../../labs/course/lesson/observed.js";
import { websocket } from "../../../labs/source/websocket.js";

const events = Array.from({ length: 30 }, (_, index): ObservedEvent => ({
  asset: index % 3 === 1 ? "ethereum" : "bitcoin",
  priceUsd: 100 + index,
  eventTimeMs: 60_000 + index * 1_000,
  arrivalTimeMs: 60_000 + index * 1_000 + 120,
}));

async function exchange(options: Partial<ExchangeOptions> = {}) {
  const started = await startExchange({ events, stepMs: 5_000, ...options });
  onTestFinished(() => started.close());
  return started;
}
const ask = (url: string, path: string) => axios.get(url + path, { validateStatus: () => true });

test("it answers as CoinGecko does: by coin, price and seconds, a step on with each request", async () => {
  const { restUrl } = await exchange();
  const path =
    "/api/v3/simple/price?ids=bitcoin,ethereum&vs_currencies=usd&include_last_updated_at=true";
  const first = await ask(restUrl, path);
  expect(first.headers["content-type"]).toMatch(/application\/json/);
  expect(first.data).toEqual({ bitcoin: { usd: 100, last_updated_at: 60 } });
  expect((await ask(restUrl, path)).data).toEqual({
    bitcoin: { usd: 105, last_updated_at: 65 },
    ethereum: { usd: 104, last_updated_at: 64 },
  });
  expect((await ask(restUrl, "/api/v3/nothing")).status).toBe(404);
});

test("it refuses more requests than a minute of its clock may have, and says for how long", async () => {
  const { restUrl, requests } = await exchange({ requestsPerMinute: 2 });
  const answers = [];
  for (let poll = 0; poll < 4; poll++) {
    answers.push(await ask(restUrl, "/api/v3/simple/price?ids=bitcoin"));
  }
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429, 200]);
  expect(answers[2]!.headers["retry-after"]).toBe("1");
  expect(answers[2]!.data).toMatchObject({ status: { error_code: 429 } });
  expect(requests.map(({ status }) => status)).toEqual([200, 200, 429, 200]);
});

test("the lab's own clients take it for CoinGecko and for Coinbase", async () => {
  const { restUrl, webSocketUrl } = await exchange();
  const notify = (notice: string) => expect.unreachable(notice);
  const polled = await take(
    coingecko({ url: restUrl, assets: ["bitcoin"], everyMs: 1, notify }),
    3,
  );
  expect(polled).toHaveLength(3);
  const pushed = await take(websocket({ url: webSocketUrl, assets: ["bitcoin"], notify }), 20);
  const prices = pushed.map(({ value, timestampMs }) => parseEvent(value, timestampMs));
  const expected = events
    .filter(({ asset }) => asset === "bitcoin")
    .map(({ asset, priceUsd, eventTimeMs }) => ({ asset, priceUsd, eventTimeMs }));
  expect(prices).toEqual(expected);
});

test("its cache is refreshed by its clock, and an answer that the client already has is not sent again", async () => {
  const { restUrl } = await exchange({ cacheMs: 10_000 });
  const url = `${restUrl}/api/v3/simple/price?ids=bitcoin`;
  const known = new Map<number, string>();
  const answers = [];
  for (let poll = 0; poll < 3; poll++) {
    const headers = poll === 0 ? {} : { "if-none-match": known.get(poll - 1) };
    const {
      status,
      data,
      headers: got,
    } = await axios.get<object>(url, {
      headers,
      validateStatus: () => true,
    });
    known.set(poll, got["etag"] as string);
    answers.push([status, got["age"], got["cache-control"], data]);
  }
  expect(answers).toEqual([
    [200, "0", "max-age=10, public", { bitcoin: { usd: 100, last_updated_at: 60 } }],
    [304, "5", "max-age=10, public", ""],
    [200, "0", "max-age=10, public", { bitcoin: { usd: 109, last_updated_at: 69 } }],
  ]);
});

/** All messages of the feed after a subscription, until the last one. */
async function subscribe(url: string, subscription: object): Promise<Record<string, unknown>[]> {
  const socket = new WebSocket(url);
  const messages: Record<string, unknown>[] = [];
  socket.on("open", () => socket.send(JSON.stringify(subscription)));
  await new Promise<void>((resolve) => {
    socket.on("message", (data) => {
      const message = JSON.parse(String(data)) as Record<string, unknown>;
      messages.push(message);
      if (message["price"] === "129" || message["type"] === "error") resolve();
    });
  });
  socket.terminate();
  return messages;
}

test("the feed sends every match, a ticker for each cascade of them, and heartbeats with the last trade", async () => {
  const cascade = events
    .filter(({ asset }) => asset === "bitcoin")
    .map((event, index) => {
      return index === 1 ? { ...event, eventTimeMs: events[0]!.eventTimeMs } : event;
    });
  const { webSocketUrl } = await exchange({ events: cascade });
  const product_ids = ["BTC-USD"];
  const of = (messages: Record<string, unknown>[], type: string) =>
    messages.filter((message) => message["type"] === type);
  const subscription = { type: "subscribe", product_ids, channels: ["matches", "heartbeat"] };
  const messages = await subscribe(webSocketUrl, subscription);
  expect(messages[0]).toMatchObject({ type: "subscriptions" });
  const ids = of(messages, "match").map(({ trade_id: id }) => id);
  expect(ids).toEqual(cascade.map((_, index) => index + 1));
  expect(of(messages, "heartbeat").length).toBeGreaterThan(20);
  for (const [index, { type, last_trade_id }] of messages.entries()) {
    if (type !== "heartbeat") continue;
    expect(last_trade_id).toBe(of(messages.slice(0, index), "match").length);
  }
  const channels = [{ name: "ticker" }];
  const tickers = await subscribe(webSocketUrl, { type: "subscribe", product_ids, channels });
  expect(of(tickers, "ticker").map(({ trade_id: id }) => id)).toEqual(ids.slice(1));
});

test("the feed refuses a product that it does not have", async () => {
  const { webSocketUrl } = await exchange();
  const product_ids = ["BTC-USD", "XYZ-USD"];
  const answer = await subscribe(webSocketUrl, { type: "subscribe", product_ids, channels: [] });
  expect(answer).toMatchObject([{ type: "error", reason: "XYZ-USD is not a valid product" }]);
});
