import { expect, test } from "vitest";
import { LabError } from "../../labs/shared/errors.js";
import { coingecko, retryAfterMs, type CoingeckoOptions } from "../../labs/source/coingecko.js";
import { coingeckoServer, cut, failure, prices, silence } from "../support/coingecko-server.js";
import { take } from "../../labs/course/lesson/observed.js";
import { eachMessage } from "../support/each-message.js";

const bitcoin = (usd: number, seconds: number) =>
  prices({ bitcoin: { usd, last_updated_at: seconds } });

function poll(options: Partial<CoingeckoOptions> & { url: string }) {
  const notices: string[] = [];
  const source = coingecko({
    assets: ["bitcoin"],
    everyMs: 5,
    firstRetryMs: 5,
    notify: (notice) => notices.push(notice),
    ...options,
  });
  return { source, notices };
}

test("a poll asks as CoinGecko documents it and its event time is last_updated_at", async () => {
  const server = await coingeckoServer(bitcoin(68_340.12, 1_735_725_610));
  const { source } = poll({ url: server.url, assets: ["bitcoin", "ethereum"], key: "secret-key" });
  const before = Date.now();
  const [message] = await take(source, 1);
  expect(JSON.parse(message!.value)).toEqual({
    asset: "bitcoin",
    price_usd: 68_340.12,
    event_time: "2025-01-01T10:00:10.000Z",
  });
  expect(message!.key).toBe("bitcoin");
  expect(message!.timestampMs).toBeGreaterThanOrEqual(before);
  const asked = new URL(server.requests[0]!.path, server.url);
  expect(asked.pathname).toBe("/api/v3/simple/price");
  expect(Object.fromEntries(asked.searchParams)).toEqual({
    ids: "bitcoin,ethereum",
    vs_currencies: "usd",
    include_last_updated_at: "true",
  });
  expect(server.requests[0]!.headers["x-cg-demo-api-key"]).toBe("secret-key");
});

test("an observation seen before is counted, not yielded again", async () => {
  const first = bitcoin(1, 100);
  const server = await coingeckoServer(first, first, first, bitcoin(2, 100), bitcoin(2, 160));
  const { source } = poll({ url: server.url });
  const values = (await take(source, 3)).map(({ value }) => JSON.parse(value) as unknown);
  expect(values).toMatchObject([
    { price_usd: 1, event_time: "1970-01-01T00:01:40.000Z" },
    { price_usd: 2, event_time: "1970-01-01T00:01:40.000Z" },
    { price_usd: 2, event_time: "1970-01-01T00:02:40.000Z" },
  ]);
  expect(source.counts).toMatchObject({ polls: 5, repeated: 2, failed: 0 });
});

test("an observation that an earlier run has stored is not yielded again", async () => {
  const server = await coingeckoServer(bitcoin(1, 100), bitcoin(2, 160));
  const known = () => Promise.resolve([{ asset: "bitcoin", price_usd: 1, event_time: 100_000 }]);
  const { source } = poll({ url: server.url, known });
  const [message] = await take(source, 1);
  expect(JSON.parse(message!.value)).toMatchObject({ price_usd: 2 });
});

test("an unknown id is reported once, and the known ones go on", async () => {
  let seconds = 100;
  const server = await coingeckoServer((request, response) =>
    bitcoin(1, seconds++)(request, response),
  );
  const { source, notices } = poll({ url: server.url, assets: ["bitcoin", "bitcion"] });
  await take(source, 3);
  expect(notices).toHaveLength(1);
  expect(notices[0]).toContain("bitcion");
});

test("a coin without a current price is reported, not stored as 0", async () => {
  const server = await coingeckoServer(prices({ bitcoin: { usd: null } }), bitcoin(1, 100));
  const { source, notices } = poll({ url: server.url });
  const [message] = await take(source, 1);
  expect(JSON.parse(message!.value)).toMatchObject({ price_usd: 1 });
  expect(notices).toEqual(["CoinGecko has no current price for bitcoin"]);
});

test("after 429 the next request comes no sooner than Retry-After asks", async () => {
  const server = await coingeckoServer(failure(429, { "retry-after": "1" }), bitcoin(1, 100));
  const { source, notices } = poll({ url: server.url });
  await take(source, 1);
  const [refused, next] = server.requests;
  expect(next!.timeMs - refused!.timeMs).toBeGreaterThanOrEqual(990);
  expect(notices[0]).toMatch(/429.*asks to wait 1 s/);
});

test("server errors, cut answers, silence and other shapes are tried again until one succeeds", async () => {
  const server = await coingeckoServer(
    failure(500),
    failure(503),
    cut,
    silence,
    (_, response) => response.end("<html>maintenance</html>"),
    bitcoin(1, 100),
  );
  const { source, notices } = poll({ url: server.url, timeoutMs: 100 });
  expect(await take(source, 1)).toHaveLength(1);
  expect(source.counts).toMatchObject({ polls: 1, failed: 5 });
  expect(notices).toHaveLength(5);
});

test("the wait between attempts grows and differs from one time to the next", async () => {
  const server = await coingeckoServer(
    ...([0, 1, 2, 3].map(() => failure(500)) as [ReturnType<typeof failure>]),
    bitcoin(1, 100),
  );
  const { source } = poll({ url: server.url, firstRetryMs: 40 });
  await take(source, 1);
  const times = server.requests.map(({ timeMs }) => timeMs);
  const waits = times.slice(1).map((timeMs, index) => timeMs - times[index]!);
  for (const [index, wait] of waits.entries()) {
    expect(wait).toBeGreaterThanOrEqual(40 * 2 ** index - 5);
  }
});

test("a name that does not resolve is tried again, and stopping ends the wait at once", async () => {
  const { source, notices } = poll({ url: "http://no-such-host.invalid", firstRetryMs: 60_000 });
  const stop = new AbortController();
  const ended = (async () => {
    for await (const message of eachMessage(source, stop.signal)) throw new Error(message.value);
  })();
  await expect.poll(() => notices.length, { timeout: 10_000 }).toBe(1);
  stop.abort();
  await ended;
});

test("a refusal that trying again cannot repair ends the source, without showing the key", async () => {
  const server = await coingeckoServer(failure(401));
  const { source, notices } = poll({ url: server.url, key: "secret-key" });
  const error = await take(source, 1).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(LabError);
  expect(String(error)).toContain("401");
  expect(String(error) + notices.join()).not.toContain("secret-key");
});

test("Retry-After is read as seconds and as a date", () => {
  const nowMs = Date.parse("2025-01-01T10:00:00Z");
  expect(retryAfterMs("120", nowMs)).toBe(120_000);
  expect(retryAfterMs("Wed, 01 Jan 2025 10:00:30 GMT", nowMs)).toBe(30_000);
  expect(retryAfterMs("Wed, 01 Jan 2025 09:00:00 GMT", nowMs)).toBe(0);
  expect(retryAfterMs("soon", nowMs)).toBe(0);
  expect(retryAfterMs(undefined, nowMs)).toBe(0);
});
