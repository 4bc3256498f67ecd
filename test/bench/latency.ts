import { spawn } from "node:child_process";
import { watch } from "node:fs";
import { mkdir } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { WebSocketServer, type WebSocket } from "ws";
import { PRODUCT_IDS } from "../../labs/source/websocket.js";
import { localStore } from "../../labs/store/local.js";
import { readProductFile } from "../../labs/store/products.js";
import {
  compareWithAim,
  inFolder,
  inThousands,
  say,
  type Benchmark,
  type Row,
} from "./benchmark.js";

/** How long ticks are sent. */
const SECONDS = 12;
/** The first seconds do not count: Node compiles what it runs often. */
const WARM_UP_MS = 3_000;
/** The sender wakes up this often. */
const SEND_MS = 2;
const ASSETS = [...PRODUCT_IDS.keys()].slice(0, 5);

interface Case {
  perSecond: number;
  options: readonly string[];
  /** At most this many milliseconds at the 99th percentile. */
  aimMs?: number;
}
const CASES: readonly Case[] = [
  { perSecond: 10_000, options: ["--trigger", "20ms", "--no-fsync"], aimMs: 40 },
  { perSecond: 10_000, options: ["--trigger", "20ms"] },
  { perSecond: 50_000, options: ["--trigger", "20ms", "--no-fsync"], aimMs: 150 },
  { perSecond: 50_000, options: ["--trigger", "20ms"] },
  { perSecond: 10_000, options: ["--trigger", "100ms"] },
];

/** Milliseconds, by percentile. */
interface Latency {
  p50: number;
  p99: number;
  max: number;
  events: number;
}

export const latency: Benchmark = {
  name: "latency",
  help: "from the send of a tick on a WebSocket to the Parquet file that holds it",
  async measure({ root }) {
    const rows: Row[] = [];
    for (const { perSecond, options, aimMs } of CASES) {
      const what = `tick → Parquet file, ${inThousands(perSecond)} per second, ${options.join(" ")}`;
      say(`${what} …`);
      const { p50, p99, max, events } = await inFolder((out) =>
        measureRun(root, out, perSecond, options),
      );
      rows.push({
        what,
        value: `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms (${inThousands(events)} events)`,
        aim: aimMs === undefined ? undefined : `p99 ${compareWithAim(p99, aimMs, " ms")}`,
      });
    }
    return rows;
  },
};

async function measureRun(
  root: string,
  out: string,
  perSecond: number,
  options: readonly string[],
): Promise<Latency> {
  const prices = join(out, "prices");
  await mkdir(prices, { recursive: true });
  /** When each file got its final name. */
  const visibleMs = new Map<string, number>();
  const watcher = watch(prices, (_event, name) => {
    if (name?.startsWith("part-") && !visibleMs.has(name)) visibleMs.set(name, Date.now());
  });
  const feed = await startFeed(perSecond);
  const args = ["--source", "websocket", "--assets", ASSETS.join(","), "--out", out, ...options];
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "scripts/run-pipeline.ts", ...args, "--duration", `${SECONDS}s`, "--json"],
    {
      cwd: root,
      env: { ...process.env, COINBASE_URL: feed.url },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  const code = await new Promise((resolve) => child.on("close", resolve));
  feed.close();
  watcher.close();
  if (code !== 0) throw new Error(`the pipeline ended with exit code ${String(code)}`);

  const store = localStore(out);
  const latencies: number[] = [];
  for (const [name, timeMs] of visibleMs) {
    for (const { event_time } of await readProductFile(store, "prices", name)) {
      if (event_time - feed.beganMs() >= WARM_UP_MS) latencies.push(timeMs - event_time);
    }
  }
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor((latencies.length - 1) * share)] ?? NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1), events: latencies.length };
}

/** A feed of Coinbase's format on loopback, whose ticks carry the time at which they are sent. */
async function startFeed(perSecond: number) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await new Promise((resolve) => server.on("listening", resolve));
  let beganMs = 0;
  let timer: NodeJS.Timeout | undefined;
  server.on("connection", (socket: WebSocket) => {
    socket.on("close", () => clearInterval(timer));
    socket.once("message", () => {
      beganMs = Date.now();
      let sent = 0;
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
    close() {
      clearInterval(timer);
      server.close();
    },
  };
}
