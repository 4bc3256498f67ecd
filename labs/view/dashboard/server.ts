import type { Server } from "node:http";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { Hono, type Context } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { streamSSE } from "hono/streaming";
import { LabError, errorCode, errorMessage } from "../../shared/errors.js";
import { startTimer, type Timer } from "../../shared/wait.js";
import { bundlePage } from "./bundle.js";
import type { Feed } from "./feed.js";
import { openMetrics } from "./metrics.js";
import type { Update } from "./views.js";

/** The page's files, relative to the project's root. Its script is bundled. */
const PAGE = "labs/view/dashboard/page";
const PLOTLY = "node_modules/plotly.js/dist/plotly-basic.min.js";
const FILES: Record<string, [file: string, type: string]> = {
  "/": [`${PAGE}/index.html`, "text/html; charset=utf-8"],
  "/style.css": [`${PAGE}/style.css`, "text/css; charset=utf-8"],
  "/plotly.js": [PLOTLY, "text/javascript; charset=utf-8"],
};
export const DEFAULT_PORT = 8050;
const MAX_PORTS = 50;
const HEARTBEAT_MS = 5_000;

export interface DashboardOptions {
  root: string;
  feed: Feed;
  /** The port on 127.0.0.1; by default the first free one from 8050 on. */
  port?: number;
  /** The number of records in each partition that no batch has read yet. */
  lag: () => Promise<readonly number[]>;
}

/**
 * Serves the live page, on this machine only, read-only. A page of another site cannot read it: the Host must be this
 * machine (no DNS rebinding), an Origin must be the page's own, and only the page's own scripts run.
 *
 * @throws LabError if the port is taken or not allowed
 */
export async function startDashboard(options: DashboardOptions) {
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
        // plotly.js uses inline styles for its charts.
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
  let script: Promise<string> | undefined;
  app.get("/app.js", async (context) => {
    script ??= bundlePage(root);
    script.catch(() => (script = undefined)); // the next request retries
    context.header("content-type", "text/javascript; charset=utf-8");
    context.header("cache-control", "no-cache");
    return context.body(await script);
  });
  app.get("/events", (context) => events(context, feed));
  app.get("/metrics", async (context) => {
    context.header("content-type", metrics.contentType);
    return context.body(await metrics.text());
  });
  app.onError((error, context) => context.text(`error: ${error.message}`, 500));

  const { server, port } = await listen(app, options.port);
  own = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * Sends a page a snapshot, then updates, as server-sent events. A page that is too slow for an update gets a snapshot
 * instead, so that nothing accumulates here.
 */
function events(context: Context, feed: Feed): Response {
  return streamSSE(context, async (stream) => {
    let waiting: Update | "snapshot" | undefined = "snapshot";
    let wake = () => {};
    const unsubscribe = feed.subscribe((update) => {
      waiting = waiting === undefined ? update : "snapshot";
      wake();
    });
    stream.onAbort(() => {
      unsubscribe();
      wake();
    });
    while (!stream.aborted) {
      const now: Update | "snapshot" | undefined = waiting;
      waiting = undefined;
      if (now === "snapshot") await stream.write(frame("snapshot", feed.snapshot()));
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

/** The bytes of a server-sent event, encoded once for all pages, because an update may be large. */
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
  const end = wanted === undefined ? first + MAX_PORTS : first + 1;
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
        `cannot serve the live page on port ${port}: ${errorMessage(error)}; choose another one with --serve PORT`,
      );
    }
  }
  throw new LabError(
    wanted === undefined
      ? `the ports ${first} to ${end - 1} are taken: choose another one with --serve PORT`
      : `port ${wanted} is taken: stop the program that uses it, or choose another one; --serve without a port finds a free one`,
  );
}
