import { committedFiles, readProductFile } from "../../store/products.js";
import type { Store } from "../../store/store.js";
import type { Feed } from "./feed.js";
import { sleep } from "../../shared/wait.js";

const POLL_MS = 1_000;

/**
 * Adds the rows that another process, such as Spark, writes to the products to a feed: checks for new files every second.
 *
 * @returns when the signal aborts, after a last check
 */
export async function followProducts(store: Store, feed: Feed, signal: AbortSignal): Promise<void> {
  const seen = new Set<string>();
  const isNew = (path: string) => !seen.has(path) && seen.add(path);
  for (const name of await committedFiles(store, "prices")) seen.add(`prices/${name}`);
  for (const name of await committedFiles(store, "windows")) seen.add(`windows/${name}`);
  for (let isLast = false; ; isLast = signal.aborted) {
    for (const name of await committedFiles(store, "prices")) {
      if (!isNew(`prices/${name}`)) continue;
      const rows = await readProductFile(store, "prices", name);
      const events = rows.map(({ asset, price_usd, event_time }) => {
        return { asset, priceUsd: price_usd, eventTimeMs: event_time };
      });
      events.sort((a, b) => a.eventTimeMs - b.eventTimeMs);
      feed.addOutput({ events, windows: [], alerts: [] });
    }
    for (const name of await committedFiles(store, "windows")) {
      if (!isNew(`windows/${name}`)) continue;
      const windows = await readProductFile(store, "windows", name);
      windows.sort((a, b) => a.window_end - b.window_end);
      feed.addOutput({ events: [], windows, alerts: [] });
    }
    if (isLast) return;
    await sleep(POLL_MS, signal);
  }
}
