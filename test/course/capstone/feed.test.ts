import { WebSocket } from "ws";
import { expect, onTestFinished, test } from "vitest";
import { DOWN_MS, startFeed, type FeedServer } from "../../../labs/course/capstone/feed.js";
import { VENUES, generateSession, type Session } from "../../../labs/course/capstone/session.js";
import { history, live } from "../../../solutions/capstone/feed.js";

// The vendor's server as the capstone's README documents it.

interface Page {
  last: number;
  messages: { sequence: number }[];
}

async function opened(session: Session = generateSession(3)) {
  const feed = await startFeed(session);
  onTestFinished(() => feed.close());
  const get = (path: string) => fetch(`${feed.url}/v1/${path}`);
  const page = async (path: string) => (await (await get(path)).json()) as Page;
  return { session, feed, get, page };
}

/** A session whose messages have all been sent already: history. */
function past(seed: number, count: number): Session {
  const { messages } = generateSession(seed);
  const first = (venue: (typeof VENUES)[number]) =>
    messages[venue].slice(0, count).map((message) => ({ ...message, sentMs: 0 }));
  return { seed, messages: { northgate: first("northgate"), meridian: first("meridian") } };
}

test("pages hold at most 100 messages, in order, as they were sent", async () => {
  const { session, page } = await opened(past(3, 250));
  const first = await page("venues/northgate/messages");
  expect(first.messages).toEqual(
    session.messages.northgate.slice(0, 100).map(({ text }) => JSON.parse(text) as unknown),
  );
  expect(first.last).toBe(250);
  const last = await page("venues/northgate/messages?after=200&limit=70");
  expect(last.messages.map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: 50 }, (_, index) => 201 + index),
  );
  expect((await page("venues/northgate/messages?after=250")).messages).toEqual([]);
});

test("the sixth request within a second is refused with 429, and answered after Retry-After", async () => {
  const { get } = await opened(past(3, 20));
  for (let request = 0; request < 5; request++) {
    expect((await get(`venues/${VENUES[request % 2]}/messages`)).status).toBe(200);
  }
  const refused = await get("venues/meridian/messages");
  expect(refused.status).toBe(429);
  expect((await get("status")).status).toBe(200);
  const seconds = Number(refused.headers.get("retry-after"));
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  expect((await get("venues/meridian/messages")).status).toBe(200);
});

test("wrong requests are answered with what is wrong", async () => {
  const { get } = await opened();
  for (const query of ["after=-1", "after=x", "limit=0", "limit=101"]) {
    expect((await get(`venues/northgate/messages?${query}`)).status).toBe(400);
  }
  expect((await get("venues/atlantis/messages")).status).toBe(404);
  expect((await get("other")).status).toBe(404);
});

/** Listens until a condition holds. @returns the sequence numbers that were pushed, by connection */
async function pushed(feed: FeedServer, isEnough: (runs: number[][]) => boolean) {
  const runs: number[][] = [];
  while (!isEnough(runs)) {
    const run: number[] = [];
    runs.push(run);
    for await (const { messages } of live(feed.url, "northgate")) {
      run.push(...messages.map(({ sequence }) => sequence));
      if (isEnough(runs)) break;
    }
  }
  return runs.filter((run) => run.length > 0);
}

test("the WebSocket pushes in order, but not what was sent before, while it was cut, or what is left out", async () => {
  const { session, feed } = await opened();
  const total = session.messages.northgate.length;
  const runs = await pushed(feed, (found) => (found.at(-1)?.at(-1) ?? 0) > 0.45 * total);
  const all = runs.flat();
  expect(all).toEqual([...all].sort((a, b) => a - b));
  expect(all[0]).toBeGreaterThan(1);
  expect(runs.length).toBeGreaterThan(1);
  expect(feed.counts.cuts).toBeGreaterThan(0);
  const gapWithin = (run: number[]) =>
    run.some((each, index) => index > 0 && each > run[index - 1]! + 1);
  expect(runs[1]![0]).toBeGreaterThan(runs[0]!.at(-1)! + 1);
  expect(runs.some(gapWithin)).toBe(true);
  // REST has everything that was not pushed.
  const sequences: number[] = [];
  for await (const page of history(feed.url, "northgate", 0)) {
    sequences.push(...page.map(({ sequence }) => sequence));
  }
  expect(sequences).toEqual(Array.from({ length: sequences.length }, (_, index) => index + 1));
  expect(sequences.length).toBeGreaterThanOrEqual(all.at(-1)!);
});

test("a venue that has ended greets and closes", async () => {
  const { feed, get } = await opened(past(3, 5));
  await get("venues/northgate/messages");
  await new Promise((resolve) => setTimeout(resolve, DOWN_MS)); // its connections were cut, too
  const socket = new WebSocket(`${feed.url.replace("http", "ws")}/v1/venues/northgate/stream`);
  const frames: unknown[] = [];
  socket.on("message", (data) => frames.push(JSON.parse(String(data))));
  const code = await new Promise((resolve) => socket.on("close", resolve));
  expect(code).toBe(1_000);
  expect(frames).toEqual([{ hello: "northgate", last: 5 }]);
  const status = (await (await get("status")).json()) as { state: string };
  expect(status.state).toBe("closed");
});
