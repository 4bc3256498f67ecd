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
      const prices = await readProductFile(store, "prices", name);
      prices.sort((a, b) => a.event_time - b.event_time);
      feed.addOutput({ prices, windows: [], alerts: [] });
    }
    for (const name of await committedFiles(store, "windows")) {
      if (!isNew(`windows/${name}`)) continue;
      const windows = await readProductFile(store, "windows", name);
      windows.sort((a, b) => a.window_end - b.window_end);
      feed.addOutput({ prices: [], windows, alerts: [] });
    }
    if (isLast) return;
    await sleep(POLL_MS, signal);
  }
}
