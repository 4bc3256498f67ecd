import type { Server } from "node:http";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { Hono, type Context } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { streamSSE } from "hono/streaming";
import { LabError, errorCode, errorMessage } from "../../shared/errors.js";
import type { Feed, Update } from "./feed.js";
import { startTimer, type Timer } from "../../shared/wait.js";
import { openMetrics } from "./metrics.js";

/** Files of the page, relative to the project's root. */
const PAGE = "labs/view/dashboard/page";
const PLOTLY = "node_modules/plotly.js/dist/plotly-basic.min.js";
const FILES: Record<string, [file: string, type: string]> = {
  "/": [`${PAGE}/index.html`, "text/html; charset=utf-8"],
  "/app.js": [`${PAGE}/app.js`, "text/javascript; charset=utf-8"],
  "/style.css": [`${PAGE}/style.css`, "text/css; charset=utf-8"],
  "/plotly.js": [PLOTLY, "text/javascript; charset=utf-8"],
};
/** Where the page is looked for first. */
export const DEFAULT_PORT = 8050;
const MOST_PORTS = 50;
const HEARTBEAT_MS = 5_000;

export interface DashboardOptions {
  /** The project's root. */
  root: string;
  feed: Feed;
  /** The port on 127.0.0.1; where none is given, the first free one from 8050 on. */
  port?: number;
  /** For each partition how many records wait. */
  lag: () => Promise<readonly number[]>;
}

export interface Dashboard {
  url: string;
  port: number;
  close(): Promise<void>;
}

/**
 * Serves the live page, on this machine only. Nothing can be changed through it. A page of another site cannot read it: the
 * Host must be this machine (no DNS rebinding), an Origin must be the page's own, and no script runs but the page's.
 *
 * @throws LabError if the port is taken, or may not be used
 */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { root, feed } = options;
  const metrics = openMetrics(feed, options.lag);
  const app = new Hono();
  let own = new Set<string>();

  app.use(async (context, next) => {
    const origin = context.req.header("origin");
    if (!own.has(context.req.header("host") ?? "")) return context.text("wrong host", 403);
    if (origin !== undefined && !own.has(origin.replace(/^http:\/\//, ""))) {
      return context.text("wrong origin", 403);
    }
    await next();
  });
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        connectSrc: ["'self'"],
        // plotly.js styles its charts in place.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", "data:"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
      strictTransportSecurity: false,
    }),
  );
  for (const [path, [file, type]] of Object.entries(FILES)) {
    app.get(path, async (context) => {
      context.header("content-type", type);
      context.header("cache-control", "no-cache");
      return context.body(await readFile(join(root, file), "utf8"));
    });
  }
  app.get("/events", (context) => events(context, feed));
  app.get("/metrics", async (context) => {
    context.header("content-type", metrics.contentType);
    return context.body(await metrics.text());
  });
  app.onError((error, context) => context.text(`this failed: ${error.message}`, 500));

  const { server, port } = await listen(app, options.port);
  own = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * What a page listens to (server-sent events): all that is known, then what is new. A page that is too slow for an update gets
 * all again in its place, so nothing piles up here.
 */
function events(context: Context, feed: Feed): Response {
  return streamSSE(context, async (stream) => {
    let waiting: Update | "all" | undefined = "all";
    let wake = () => {};
    const unsubscribe = feed.subscribe((update) => {
      waiting = waiting === undefined ? update : "all";
      wake();
    });
    stream.onAbort(() => {
      unsubscribe();
      wake();
    });
    while (!stream.aborted) {
      const now: Update | "all" | undefined = waiting;
      waiting = undefined;
      if (now === "all") await stream.write(frame("snapshot", feed.snapshot()));
      else if (now !== undefined) await stream.write(frame("update", now));
      if (waiting !== undefined) continue;
      let timer: Timer | undefined;
      const isSilent = await new Promise<boolean>((resolve) => {
        wake = () => resolve(false);
        timer = startTimer(HEARTBEAT_MS, () => resolve(true));
      });
      timer?.cancel();
      if (isSilent) await stream.writeSSE({ event: "heartbeat", data: "" });
    }
  });
}

const encoder = new TextEncoder();
let last: { of: object; frame: Uint8Array } | undefined;

/** An event as server-sent events have it. Its bytes are made once for all pages, since an update may be large. */
function frame(event: string, data: object): Uint8Array {
  if (last?.of !== data) {
    const bytes = encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    last = { of: data, frame: bytes };
  }
  return last.frame;
}

async function listen(
  app: Hono,
  wanted: number | undefined,
): Promise<{ server: Server; port: number }> {
  const first = wanted ?? DEFAULT_PORT;
  const end = wanted === undefined ? first + MOST_PORTS : first + 1;
  for (let port = first; port < end; port++) {
    try {
      const server = await new Promise<Server>((resolve, reject) => {
        const started = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, () =>
          resolve(started),
        ) as Server;
        started.on("error", reject);
      });
      return { server, port };
    } catch (error) {
      if (errorCode(error) === "EADDRINUSE") continue;
      throw new LabError(
        `cannot serve the live page on port ${port}: ${errorMessage(error)}; give another one, --serve PORT`,
      );
    }
  }
  throw new LabError(
    wanted === undefined
      ? `the ports ${first} to ${end - 1} are taken: give another one, --serve PORT`
      : `port ${wanted} is taken: end what uses it, or give another one; --serve without a port finds a free one`,
  );
}
