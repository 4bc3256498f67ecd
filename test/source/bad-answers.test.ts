import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { LabError } from "../../labs/shared/errors.js";
import { parseEvent } from "../../labs/event.js";
import { MAX_ANSWER_BYTES } from "../../labs/shared/http.js";
import { coingecko, retryAfterMs } from "../../labs/source/coingecko.js";
import { coingeckoServer, cut, failure, silence } from "../support/coingecko-server.js";
import { take } from "../../labs/course/lesson/observed.js";
import { eachMessage } from "../support/each-message.js";

// What a bad server may answer to a poll: it must not crash or hang the source, nor cost a good coin.

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const PATIENT_MS = 20_000;
const GOOD = '{"usd":2,"last_updated_at":100}';
const whole = `{"good":${GOOD}}`;
const body =
  (text: string | Buffer, headers: Record<string, string> = {}, status = 200): Answer =>
  (_, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(text);
  };
const gzipped = (content: Buffer) => body(content, { "content-encoding": "gzip" });

/** Writes something again and again until nobody listens. */
const endless =
  (piece: string, everyMs: number): Answer =>
  (_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const timer = setInterval(() => response.write(piece), everyMs);
    response.on("close", () => clearInterval(timer));
  };

async function firstGood(timeoutMs: number, ...answers: [Answer, ...Answer[]]) {
  const server = await coingeckoServer(...answers);
  const notices: string[] = [];
  const source = coingecko({
    url: server.url,
    assets: ["odd", "good"],
    everyMs: 5,
    firstRetryMs: 5,
    timeoutMs,
    notify: (notice) => notices.push(notice),
  });
  const stop = new AbortController();
  const before: { value: string; result: ReturnType<typeof parseEvent> }[] = [];
  for await (const { value, timestampMs } of eachMessage(source, stop.signal)) {
    const result = parseEvent(value, timestampMs);
    if (typeof result === "object" && result.asset === "good") {
      stop.abort();
      return { source, notices, before, server };
    }
    before.push({ value, result });
  }
  throw new Error("no good coin came");
}

// One odd coin beside a good one: the good one comes with the same answer, the odd one is rejected with a reason.
test.each([
  ["a price in quotes", '{"usd":"2","last_updated_at":100}', /price_usd is not a number/],
  ["a price that is negative", '{"usd":-2,"last_updated_at":100}', /price_usd is not above 0/],
  ["a price of 0", '{"usd":0,"last_updated_at":100}', /price_usd is not above 0/],
  ["a huge price", '{"usd":1e300,"last_updated_at":100}', /price_usd is not below 1e12/],
  // JSON has no infinity: it is written as null, which counts as missing.
  ["an infinite price", '{"usd":1e999,"last_updated_at":100}', /price_usd is missing/],
  ["a price that is true", '{"usd":true,"last_updated_at":100}', /price_usd is not a number/],
  ["a list for a price", '{"usd":[2],"last_updated_at":100}', /price_usd is not a number/],
  ["the text NaN", '{"usd":"NaN","last_updated_at":100}', /price_usd is not a number/],
  ["a time beyond all dates", '{"usd":2,"last_updated_at":1e15}', /event_time is not/],
  ["a time beyond the year 9999", '{"usd":2,"last_updated_at":1e12}', /event_time is not/],
  ["a time in milliseconds", '{"usd":2,"last_updated_at":1735725610000}', /event_time is not/],
  ["a time far before Christ", '{"usd":2,"last_updated_at":-1e14}', /event_time is not/],
  ["an infinite time", '{"usd":2,"last_updated_at":1e999}', /event_time is missing/],
  ["a time in words", '{"usd":2,"last_updated_at":"now"}', /event_time is not/],
  ["a time in the future", '{"usd":2,"last_updated_at":32503680000}', /more than a day ahead/],
  ["a number", "5", /asset is missing/],
  ["a text", '"5"', /asset is missing/],
  ["a list", "[1,2]", /asset is missing/],
  ["null", "null", /asset is missing/],
  ["nested without end", "[".repeat(200_000) + "]".repeat(200_000), /not a JSON object/],
])("%s as a coin", async (_, coin, reason) => {
  const answer = body(`{"odd":${coin},"good":${GOOD}}`);
  const { source, before } = await firstGood(PATIENT_MS, answer);
  expect(before.map(({ result }) => result)).toEqual([expect.stringMatching(reason)]);
  expect(source.counts).toMatchObject({ polls: 1, failed: 0 });
});

test.each([
  ["without a price", '{"odd":{"last_updated_at":100},"good":'],
  ["with null", '{"odd":{"usd":null,"last_updated_at":null},"good":'],
  ["without a time", '{"odd":{"usd":2},"good":'],
  ["empty", '{"odd":{},"good":'],
  ["missing", '{"good":'],
  ["under __proto__", '{"__proto__":{"odd":{"usd":1,"last_updated_at":1}},"good":'],
])("a coin that is %s is reported once, and the others pass", async (_, begin) => {
  const { notices, before } = await firstGood(PATIENT_MS, body(`${begin}${GOOD}}`));
  expect(before).toEqual([]);
  expect(notices).toEqual([expect.stringContaining("odd")]);
});

test("of a coin that comes twice the last one counts, as JSON has it", async () => {
  await firstGood(PATIENT_MS, body(`{"good":5,"good":${GOOD}}`));
});

// Answers that are of no use as a whole: tried again, and then all is well.
test.each<[string, Answer, RegExp?]>([
  ["empty", body("")],
  ["204", body("", {}, 204)],
  ["304", body("", {}, 304), /304/],
  ["300 without a place", body("", {}, 300), /300/],
  ["302 without a place", body("", {}, 302), /302/],
  ["a redirect to no URL", body("", { location: "http://" }, 302), /302/],
  ["500", failure(500), /500/],
  [
    "HTML",
    body("<html>maintenance</html>", { "content-type": "text/html" }),
    /not the documented JSON object/,
  ],
  ["cut JSON", body(whole.slice(0, -3)), /not the documented JSON object/],
  [
    "NaN, which JSON has not",
    body('{"good":{"usd":NaN,"last_updated_at":100}}'),
    /not the documented JSON object/,
  ],
  ["a list", body(`[${whole}]`), /not the documented JSON object/],
  ["a text", body('"down for maintenance"'), /not the documented JSON object/],
  ["null", body("null"), /not the documented JSON object/],
  ["UTF-16", body(Buffer.from(whole, "utf16le")), /not the documented JSON object/],
  ["broken gzip", gzipped(Buffer.from("not gzip")), /Z_DATA_ERROR/],
  ["cut gzip", gzipped(gzipSync(whole).subarray(0, 20))],
  ["a cut connection", cut, /cut off|ECONNRESET/],
  ["nothing", silence, /no answer in time/],
  ["a byte a moment", endless(" ", 20), /no answer in time/],
  ["an endless body", endless(" ".repeat(100_000), 1), /larger than 1048576 bytes/],
  ["a huge body", body(" ".repeat(2 * MAX_ANSWER_BYTES)), /larger than 1048576 bytes/],
  ["gzip of 50 MB", gzipped(gzipSync(Buffer.alloc(50_000_000, " "))), /larger than 1048576 bytes/],
  ["too long a length", body(whole, { "content-length": "9".repeat(12) }), /in time|cut off/],
  ["a redirect loop", body("", { location: "/again" }, 302), /too many redirects/],
])("an answer that is %s is tried again", async (_, answer, reason = /./) => {
  // A loop needs the same answer several times.
  const loop = new Array<Answer>(6).fill(answer);
  const first: Answer[] = reason.source === "too many redirects" ? loop : [answer];
  const timeoutMs = reason.source.includes("in time") ? 300 : PATIENT_MS;
  const { source, notices } = await firstGood(timeoutMs, ...(first as [Answer]), body(whole));
  expect(notices[0]).toMatch(reason);
  expect(source.counts).toMatchObject({ polls: 1, failed: 1 });
});

test("wrong names of the charset and a byte order mark do no harm", async () => {
  await firstGood(PATIENT_MS, body(whole, { "content-type": "text/plain; charset=utf-16" }));
  await firstGood(PATIENT_MS, body(`\uFEFF${whole}`));
});

test("a redirect of the same host is followed, with the key", async () => {
  const server = await coingeckoServer(body("", { location: "/other?x=1" }, 307), body(whole));
  const source = coingecko({
    url: server.url,
    key: "secret-key",
    assets: ["good"],
    everyMs: 5,
    notify: () => {},
  });
  await take(source, 1);
  expect(server.requests[1]!.path).toBe("/other?x=1");
  expect(server.requests[1]!.headers["x-cg-demo-api-key"]).toBe("secret-key");
});

test.each([301, 302, 303, 307, 308])(
  "after %i to another host nothing is sent there",
  async (status) => {
    const other = await coingeckoServer(body(whole));
    const server = await coingeckoServer(
      body("", { location: `${other.url}/api?token=hidden` }, status),
    );
    const source = coingecko({
      url: `http://me:hidden@${server.url.slice(7)}`,
      key: "hidden",
      assets: ["good"],
      everyMs: 5,
      firstRetryMs: 5,
      notify: () => {},
    });
    const error = await take(source, 1).catch((reason: unknown) => reason);
    expect(String(error)).toContain(`${server.url} redirects to ${other.url}`);
    expect(String(error)).not.toContain("hidden");
    expect(other.requests).toEqual([]);
    expect(error).toBeInstanceOf(LabError);
  },
);

test("what no server may ask by Retry-After is not waited for", () => {
  const nowMs = Date.parse("2025-01-01T10:00:00Z");
  const odd = [
    "-5",
    "1.5",
    "1e3",
    "",
    " ",
    "soon 3000",
    "9".repeat(400),
    "Jan 2099",
    "0x10",
    "NaN",
  ];
  for (const text of [...odd, "Thu, 01 Jan 1970 00:00:00 GMT"]) {
    expect(retryAfterMs(text, nowMs), text).toBe(0);
  }
  expect(retryAfterMs("9999999", nowMs)).toBe(9_999_999_000);
  expect(retryAfterMs("Wednesday, 01-Jan-25 10:00:30 GMT", nowMs)).toBe(30_000);
});

test("after Retry-After: 9999999 no second request comes, and stopping ends the wait", async () => {
  const server = await coingeckoServer(failure(429, { "retry-after": "9999999" }));
  const notices: string[] = [];
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const source = coingecko({
    url: server.url,
    assets: ["good"],
    everyMs: 5,
    firstRetryMs: 5,
    notify: (notice) => notices.push(notice),
  });
  const ended = (async () => {
    for await (const { value } of eachMessage(source, stop.signal)) throw new Error(value);
  })();
  await expect.poll(() => notices.length).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(server.requests).toHaveLength(1);
  stop.abort();
  await ended;
});
