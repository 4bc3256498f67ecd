import { LabError, NotFoundError } from "../../shared/errors.js";
import { sleep } from "../../shared/wait.js";
import { decodeParquet } from "../../store/parquet.js";
import type { Store } from "../../store/store.js";
import type { FeedServer } from "./feed.js";
import { filesIn, type ProductRow } from "./products.js";
import { WINDOW_MS } from "./score.js";
import { MAX_LATENESS_MS, VENUES, type Session } from "./session.js";

// Reads windows/ while the programs run, as a user of the windows would.

const POLL_MS = 400;

export interface WindowsWatch {
  /** For each window that was due during the run, how long after that it could be read; Infinity if it could not. */
  latenciesMs(): number[];
  /** Files that could not be read when they had appeared. */
  halfWritten: string[];
  stop(): Promise<void>;
}

const windowName = (venue: unknown, asset: unknown, startMs: unknown) =>
  `${String(venue)} ${String(asset)} ${String(startMs)}`;

/** Watches `windows/` until it is stopped. */
export function watchWindows(store: Store, session: Session, feed: FeedServer): WindowsWatch {
  /** By window: when it could be read. */
  const readableMs = new Map<string, number>();
  const halfWritten: string[] = [];
  const known = new Set<string>();
  const stopped = new AbortController();

  async function look(): Promise<void> {
    for (const name of await filesIn(store, "windows")) {
      if (known.has(name)) continue;
      const path = `windows/${name}`;
      try {
        const content = await store.read(path);
        known.add(name);
        const rows = await decodeParquet<ProductRow>(content).catch(() => undefined);
        if (rows === undefined) halfWritten.push(path);
        for (const row of rows ?? []) {
          const window = windowName(row["venue"], row["asset"], row["window_start"]);
          if (!readableMs.has(window)) readableMs.set(window, performance.now());
        }
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error; // else it has been removed meanwhile
      }
    }
  }

  async function run(): Promise<void> {
    for (let isLast = false; ; isLast = stopped.signal.aborted) {
      await look().catch((error: unknown) => {
        if (!(error instanceof LabError)) throw error; // the score reads everything again
      });
      if (isLast) return;
      await sleep(POLL_MS, stopped.signal);
    }
  }
  const running = run();
  running.catch(() => {}); // thrown by stop()

  return {
    latenciesMs: () =>
      [...dueMs(session, feed)].map(([window, due]) => (readableMs.get(window) ?? Infinity) - due),
    halfWritten,
    async stop() {
      stopped.abort();
      await running;
    },
  };
}

/**
 * For each window that the feed has passed by the lateness that counts, when it served the first trade of the venue that shows
 * it. A window that only the end of the session closes is not due before.
 */
function dueMs(session: Session, feed: FeedServer): Map<string, number> {
  const due = new Map<string, number>();
  for (const venue of VENUES) {
    /** The end of each open window. */
    const open = new Map<string, number>();
    let latestMs = -Infinity;
    for (const message of session.messages[venue]) {
      const { trade } = message;
      if (trade === undefined) continue;
      const { asset, tradeTimeMs } = trade;
      const startMs = tradeTimeMs - (tradeTimeMs % WINDOW_MS);
      latestMs = Math.max(latestMs, tradeTimeMs);
      const finalMs = latestMs - MAX_LATENESS_MS;
      if (startMs + WINDOW_MS > finalMs) {
        open.set(windowName(venue, asset, startMs), startMs + WINDOW_MS);
      }
      const servedMs = feed.servedMs(message);
      for (const [window, endMs] of open) {
        if (endMs > finalMs || servedMs === undefined) continue;
        open.delete(window);
        due.set(window, servedMs);
      }
    }
  }
  return due;
}
