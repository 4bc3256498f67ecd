import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { WebSocketServer, type WebSocket } from "ws";
import { seededRandom } from "../../source/market.js";
import { sleep } from "../../shared/wait.js";
import {
  OPENED_MS,
  SILENCE_MS,
  VENUES,
  type FeedMessage,
  type Session,
  type Venue,
} from "./session.js";

// The vendor's server: REST with pages and a rate limit, and a WebSocket per venue that loses messages. It replays a session
// fast, from the first request on. labs/exercises/capstone/README.md documents it for the learner.

/** How much faster than the session's own time it is replayed. */
const SPEED = 200;
/** How long the replay of the silence takes. */
const SILENCE_REPLAY_MS = 2_000;
const TICK_MS = 40;
const HEARTBEAT_MS = 500;
const PAGE_MESSAGES = 100;
const REQUESTS_PER_SECOND = 5;
const RETRY_AFTER_SECONDS = 1;
/** How long a venue refuses connections after it has cut one. */
export const DOWN_MS = 600;
const SKIPPED_MESSAGES = 5;

export interface FeedServer {
  /** `http://127.0.0.1:port` */
  url: string;
  /** When a message was first given to a client, by `performance.now()`; undefined if it was not. */
  servedMs(message: FeedMessage): number | undefined;
  /** What clients met. */
  counts: { pages: number; refused: number; cuts: number; skipped: number };
  /** How many messages of both venues have been released. */
  released(): number;
  close(): Promise<void>;
}

/** When a message is replayed, in milliseconds after the first request. */
function replayMs({ sentMs }: FeedMessage): number {
  const [silentFrom, silentTo] = SILENCE_MS;
  const activeMs = sentMs < silentTo ? sentMs : sentMs - (silentTo - silentFrom);
  const silenceMs = sentMs < silentTo ? 0 : SILENCE_REPLAY_MS;
  return Math.max(0, (activeMs - OPENED_MS) / SPEED) + silenceMs;
}

interface VenueState {
  messages: readonly FeedMessage[];
  /** How many messages have been released. */
  released: number;
  sockets: Set<WebSocket>;
  /** The sequence numbers at which connections are cut. */
  cuts: Set<number>;
  /** The sequence numbers that the WebSocket leaves out. */
  skips: Set<number>;
  downUntilMs: number;
}

/** The faults of a venue's connections, which depend only on the seed. */
function faultsOf(messages: readonly FeedMessage[], random: () => number) {
  const within = (from: number, to: number) =>
    Math.floor((from + random() * (to - from)) * messages.length);
  const skipsFrom = [within(0.3, 0.4), within(0.85, 0.95)];
  return {
    cuts: new Set([within(0.2, 0.28), within(0.72, 0.8)]),
    skips: new Set(
      skipsFrom.flatMap((from) => Array.from({ length: SKIPPED_MESSAGES }, (_, n) => from + n)),
    ),
  };
}

/** Serves a session on a free port of 127.0.0.1. */
export async function startFeed(session: Session): Promise<FeedServer> {
  const random = seededRandom(session.seed + 1);
  const venues = new Map<string, VenueState>(
    VENUES.map((venue) => {
      const messages = session.messages[venue];
      const state = { messages, released: 0, sockets: new Set<WebSocket>(), downUntilMs: 0 };
      return [venue, { ...state, ...faultsOf(messages, random) }];
    }),
  );
  const served = new Map<FeedMessage, number>();
  const counts = { pages: 0, refused: 0, cuts: 0, skipped: 0 };
  const closed = new AbortController();
  let startedMs: number | undefined;
  let requestsMs: number[] = [];

  function note(messages: readonly FeedMessage[]): void {
    const nowMs = performance.now();
    for (const message of messages) if (!served.has(message)) served.set(message, nowMs);
  }

  function send(state: VenueState, message: FeedMessage): void {
    if (state.cuts.has(message.sequence)) {
      counts.cuts += state.sockets.size;
      for (const socket of state.sockets) socket.terminate();
      state.sockets.clear();
      state.downUntilMs = performance.now() + DOWN_MS;
    } else if (state.skips.has(message.sequence)) counts.skipped += state.sockets.size;
    else if (state.sockets.size > 0) {
      note([message]);
      for (const socket of state.sockets) socket.send(message.text);
    }
    if (message.kind === "end") for (const socket of state.sockets) socket.close(1_000);
  }

  function release(): void {
    const elapsedMs = performance.now() - startedMs!;
    for (const state of venues.values()) {
      const { messages } = state;
      while (state.released < messages.length) {
        const message = messages[state.released]!;
        if (replayMs(message) > elapsedMs) break;
        state.released++;
        send(state, message);
      }
    }
  }

  async function replay(): Promise<void> {
    for (let tick = 0; await sleep(TICK_MS, closed.signal); tick++) {
      release();
      if (tick % Math.round(HEARTBEAT_MS / TICK_MS) !== 0) continue;
      for (const { sockets, released } of venues.values()) {
        for (const socket of sockets)
          socket.send(JSON.stringify({ heartbeat: true, last: released }));
      }
    }
  }

  function open(): void {
    if (startedMs !== undefined) return;
    startedMs = performance.now();
    release();
    void replay();
  }

  function isOverLimit(): boolean {
    const nowMs = performance.now();
    requestsMs = requestsMs.filter((requestMs) => nowMs - requestMs < 1_000);
    if (requestsMs.length >= REQUESTS_PER_SECOND) return true;
    requestsMs.push(nowMs);
    return false;
  }

  const app = new Hono();
  app.get("/v1/status", (context) => {
    const isClosed = [...venues.values()].every((each) => each.released === each.messages.length);
    const last = [...venues].map(([venue, { released }]) => [venue, { last: released }]);
    return context.json({ state: isClosed ? "closed" : "open", venues: Object.fromEntries(last) });
  });
  app.get("/v1/venues/:venue/messages", (context) => {
    const venue = context.req.param("venue");
    const state = venues.get(venue);
    if (state === undefined) return context.json({ error: `unknown venue ${venue}` }, 404);
    const after = Number(context.req.query("after") ?? 0);
    const limit = Number(context.req.query("limit") ?? PAGE_MESSAGES);
    if (!Number.isInteger(after) || after < 0) {
      return context.json({ error: "after must be a whole number from 0" }, 400);
    }
    if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_MESSAGES) {
      return context.json(
        { error: `limit must be a whole number from 1 to ${PAGE_MESSAGES}` },
        400,
      );
    }
    if (isOverLimit()) {
      counts.refused++;
      context.header("retry-after", String(RETRY_AFTER_SECONDS));
      return context.json({ error: `more than ${REQUESTS_PER_SECOND} requests per second` }, 429);
    }
    open();
    counts.pages++;
    const page = state.messages.slice(after, Math.min(after + limit, state.released));
    note(page);
    const head = JSON.stringify({ venue, last: state.released }).slice(0, -1);
    context.header("content-type", "application/json");
    return context.body(`${head},"messages":[${page.map(({ text }) => text).join(",")}]}`);
  });
  app.notFound((context) => context.json({ error: "not found" }, 404));

  const server = await new Promise<Server>((resolve, reject) => {
    const started = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () =>
      resolve(started),
    ) as Server;
    started.on("error", reject);
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, connection, head) => {
    connection.on("error", () => connection.destroy()); // a program that is killed resets it
    const venue = /^\/v1\/venues\/([^/?]+)\/stream$/.exec(request.url ?? "")?.[1];
    const state = venues.get(venue ?? "");
    const isDown = state !== undefined && performance.now() < state.downUntilMs;
    if (state === undefined || isDown) {
      const status = isDown ? "503 Service Unavailable" : "404 Not Found";
      connection.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, connection, head, (socket) => {
      open();
      socket.on("error", () => socket.terminate());
      socket.on("close", () => state.sockets.delete(socket));
      socket.send(JSON.stringify({ hello: venue as Venue, last: state.released }));
      if (state.released === state.messages.length) socket.close(1_000);
      else state.sockets.add(socket);
    });
  });

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    servedMs: (message) => served.get(message),
    counts,
    released: () => [...venues.values()].reduce((sum, { released }) => sum + released, 0),
    async close() {
      closed.abort();
      for (const { sockets: open } of venues.values())
        for (const socket of open) socket.terminate();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        (server as Server & { closeAllConnections(): void }).closeAllConnections();
      });
    },
  };
}
