import axios from "axios";
import { expect, onTestFinished, test } from "vitest";
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
