import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocketServer, type WebSocket } from "ws";
import { PRODUCT_IDS } from "../../labs/source/websocket.js";
import { localStore } from "../../labs/store/local.js";
import { committedFiles, readProductFile } from "../../labs/store/products.js";
import type { Store } from "../../labs/store/store.js";
import type { Snapshot } from "../../labs/view/dashboard/views.js";
import {
  compareWithAim,
  inFolder,
  inThousands,
  percentile,
  say,
  type Benchmark,
  type Row,
} from "./benchmark.js";

/** How long ticks are sent and counted. */
const SECONDS = 12;
/** The first seconds do not count: Node compiles what it runs often. */
const WARM_UP_MS = 3_000;
/** The sender wakes up this often. */
const SEND_MS = 2;
/** How often HDFS is asked for new files: about the error of that latency. */
const POLL_MS = 10;
const ASSETS = [...PRODUCT_IDS.keys()].slice(0, 5);

interface Case {
  perSecond: number;
  options: readonly string[];
  /** Where the ticks are awaited; in the Parquet files of the output by default. */
  isPage?: true;
  /** At most this many milliseconds at the 99th percentile. */
  aimMs?: number;
}
/** With the default limit, 50,000 per second would need 50 batches per second. */
const LARGE = ["--batch", "10000"];
const HERE: readonly Case[] = [
  { perSecond: 10_000, options: ["--trigger", "20ms", "--no-fsync"], aimMs: 40 },
  { perSecond: 10_000, options: ["--trigger", "20ms"] },
  { perSecond: 50_000, options: ["--trigger", "20ms", ...LARGE, "--no-fsync"], aimMs: 150 },
  { perSecond: 50_000, options: ["--trigger", "20ms", ...LARGE] },
  { perSecond: 10_000, options: ["--trigger", "100ms"] },
  { perSecond: 10_000, options: ["--trigger", "20ms"], isPage: true },
];
const ON_STACK: readonly Case[] = [
  { perSecond: 10_000, options: ["--stack", "--engine", "ts", "--trigger", "20ms", ...LARGE] },
  {
    perSecond: 10_000,
    isPage: true,
    options: ["--stack", "--engine", "ts", "--trigger", "20ms", ...LARGE],
  },
  // A batch of Spark takes more than a second, whatever the trigger.
  { perSecond: 10_000, options: ["--stack", "--trigger", "20ms", "--batch", "100000"] },
];

/** Milliseconds, by percentile. */
interface Latency {
  p50: number;
  p99: number;
  max: number;
  events: number;
}

/** When ticks become visible: those with at most this event time, at that time on this machine's clock. */
interface Visible {
  eventTimesMs: number[];
  timeMs: number;
}

/** Waits for ticks where they arrive. */
interface Watch {
  /** Stops watching. @returns what was seen, in order */
  end(): Promise<Visible[]>;
}

export const latency: Benchmark = {
  name: "latency",
  help: "from the send of a tick on a WebSocket to the Parquet file that holds it, and to the live page",
  measure: ({ root }) => measureCases(root, HERE, (out) => ({ out, store: localStore(out) })),
};

export const stackLatency: Benchmark = {
  name: "delay",
  help: "the latency on Kafka and HDFS, with our engine and with Spark",
  async measure({ root, stack }) {
    const bench = stack();
    await bench.start();
    let runs = 0;
    return measureCases(root, ON_STACK, () => {
      const store = bench.store(`latency-${runs++}`);
      return { out: store.root, store };
    });
  },
};

async function measureCases(
  root: string,
  cases: readonly Case[],
  outputOf: (folder: string) => { out: string; store: Store },
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const each of cases) {
    const { perSecond, options, isPage, aimMs } = each;
    const where = isPage ? "live page (updated every 500 ms)" : "Parquet file";
    const what = `tick → ${where}, ${inThousands(perSecond)} per second, ${options.join(" ")}`;
    say(`${what} …`);
    const { p50, p99, max, events } = await inFolder((folder) =>
      measureRun(root, each, outputOf(folder)),
    );
    rows.push({
      what,
      value: `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms (${inThousands(events)} events)`,
      aim: aimMs === undefined ? undefined : `p99 ${compareWithAim(p99, aimMs, " ms")}`,
    });
  }
  return rows;
}

async function measureRun(
  root: string,
  { perSecond, options, isPage }: Case,
  { out, store }: { out: string; store: Store },
): Promise<Latency> {
  const feed = await startFeed(perSecond);
  const port = await freePort();
  const watch = isPage
    ? watchPage(port)
    : out.startsWith("hdfs:")
      ? watchHdfs(store)
      : watchFolder(store);
  const args = ["--source", "websocket", "--assets", ASSETS.join(","), "--out", out, ...options];
  if (isPage) args.push("--serve", String(port));
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "scripts/run-pipeline.ts", ...args, "--json"],
    {
      cwd: root,
      env: { ...process.env, COINBASE_URL: feed.url },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  const closed = new Promise((resolve) => child.on("close", resolve));
  await Promise.race([feed.sent(SECONDS), closed]);
  child.kill("SIGINT");
  const code = await closed;
  feed.close();
  const seen = await watch.end();
  if (code !== 0) throw new Error(`the pipeline ended with exit code ${String(code)}`);
  const latencies: number[] = [];
  for (const { eventTimesMs, timeMs } of seen) {
    for (const eventMs of eventTimesMs) {
      const sinceMs = eventMs - feed.beganMs();
      if (sinceMs >= WARM_UP_MS && sinceMs <= SECONDS * 1_000) latencies.push(timeMs - eventMs);
    }
  }
  const at = (share: number) => percentile(latencies, share);
  return { p50: at(0.5), p99: at(0.99), max: at(1), events: latencies.length };
}

/** The files of `prices/` in a folder. Each was there when it got its final name, which the file system notes. */
const watchFolder = (store: Store): Watch => ({
  async end() {
    const names = await committedFiles(store, "prices");
    return seenIn(store, await Promise.all(names.map(renamedAt)));
    async function renamedAt(name: string): Promise<[string, number]> {
      const { ctimeMs } = await stat(join(store.root, "prices", name));
      return [name, Math.ceil(ctimeMs)];
    }
  },
});

/** Watches the files of `prices/` on HDFS. A file of Spark is there when the log of Spark's sink lists it. */
function watchHdfs(store: Store): Watch {
  const visibleMs = new Map<string, number>();
  let isOver = false;
  async function poll(): Promise<void> {
    while (!isOver) {
      for (const name of await committedFiles(store, "prices")) {
        if (!visibleMs.has(name)) visibleMs.set(name, Date.now());
      }
      await sleep(POLL_MS);
    }
  }
  const polling = poll();
  return {
    async end() {
      isOver = true;
      await polling;
      return seenIn(store, [...visibleMs]);
    },
  };
}

async function seenIn(
  store: Store,
  files: readonly (readonly [string, number])[],
): Promise<Visible[]> {
  const seen: Visible[] = [];
  for (const [name, timeMs] of files) {
    const rows = await readProductFile(store, "prices", name);
    seen.push({ eventTimesMs: rows.map(({ event_time }) => event_time), timeMs });
  }
  return seen;
}

/** Reads the events of the live page, as a browser does. The ticks of each millisecond count as one. */
function watchPage(port: number): Watch {
  const seen: Visible[] = [];
  const over = new AbortController();
  let shownMs = Date.now();
  async function read(): Promise<void> {
    const { body } = await fetch(`http://127.0.0.1:${port}/events`, { signal: over.signal });
    let rest = "";
    for await (const text of body!.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines.filter((each) => each.startsWith("data: {"))) {
        const { stream } = JSON.parse(line.slice("data: ".length)) as Snapshot;
        const newestMs = stream.newestEventMs ?? -Infinity;
        const eventTimesMs: number[] = [];
        while (shownMs < newestMs) eventTimesMs.push(++shownMs);
        seen.push({ eventTimesMs, timeMs: Date.now() });
      }
    }
  }
  async function readOnceServed(): Promise<void> {
    while (!over.signal.aborted) {
      await read().catch(() => {}); // nothing is served yet, or any more
      await sleep(POLL_MS);
    }
  }
  const reading = readOnceServed();
  return {
    async end() {
      over.abort();
      await reading;
      return seen;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** A feed of Coinbase's format on loopback, whose ticks carry the time at which they are sent. */
async function startFeed(perSecond: number) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await new Promise((resolve) => server.on("listening", resolve));
  let beganMs = 0;
  let timer: NodeJS.Timeout | undefined;
  const begun = once(server, "begun");
  server.on("connection", (socket: WebSocket) => {
    socket.on("close", () => clearInterval(timer));
    socket.once("message", () => {
      beganMs = Date.now();
      let sent = 0;
      server.emit("begun");
      timer = setInterval(() => {
        const timeMs = Date.now();
        const time = new Date(timeMs).toISOString();
        for (const due = ((timeMs - beganMs) / 1_000) * perSecond; sent < due; sent++) {
          const asset = ASSETS[sent % ASSETS.length]!;
          const price = (100 + Math.sin(sent / 1_000)).toFixed(4);
          const tick = { type: "ticker", product_id: PRODUCT_IDS.get(asset), price, time };
          socket.send(JSON.stringify(tick));
        }
      }, SEND_MS);
    });
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    beganMs: () => beganMs,
    /** Resolves when ticks have been sent for some time. */
    sent: async (seconds: number) => {
      await begun;
      await sleep(seconds * 1_000);
      clearInterval(timer);
    },
    close() {
      clearInterval(timer);
      server.close();
    },
  };
}
