import type { EventLog } from "../log/log.js";
import { errorMessage } from "../shared/errors.js";
import type { Notify } from "../shared/notify.js";
import type { Source } from "../source/source.js";
import { checkedStore, type Manifest } from "../store/manifest.js";
import { readAll, readProduct, type BatchOutput } from "../store/products.js";
import type { Store } from "../store/store.js";
import { MAX_ASSETS_SHOWN } from "../view/report/summary.js";
import { readSeries } from "../view/report/series.js";
import { viewSettings, type Options } from "./options.js";
import type { PipelineStatus } from "../view/status.js";

/** The live page of a run. */
export interface Page {
  readonly url: string;
  addOutput(output: BatchOutput): void;
  setStatus(status: PipelineStatus): void;
  /** Shows the final status and the latest prices. */
  end(status: PipelineStatus): void;
  close(): Promise<void>;
}

/**
 * Serves the live page, filled with the results of earlier runs, and announces its URL.
 *
 * @param manifest what earlier runs have committed: their files are checked as they are read
 * @param root the project's root
 */
export async function openPage(
  options: Options,
  { source, log, store }: { source: Source; log: EventLog; store: Store },
  manifest: Manifest,
  root: string,
  notify: Notify,
): Promise<Page> {
  const { openFeed } = await import("../view/dashboard/feed.js");
  const { DEFAULT_PORT, startDashboard } = await import("../view/dashboard/server.js");
  const feed = openFeed({
    source: source.name,
    engine: options.engine === "ts" ? "our engine" : "Spark",
    topic: log.topic,
    output: store.root,
    ...viewSettings(options),
    recorded: source.finite,
    watched: options.alerts !== undefined,
  });
  const past = checkedStore(store, manifest);
  let events = 0;
  for (const { path, rows } of manifest.files.values()) {
    if (path.startsWith("prices/")) events += rows ?? 0;
  }
  const latest = await readAll(past, "latest");
  const assets = latest.slice(0, MAX_ASSETS_SHOWN).map(({ asset }) => asset);
  feed.addPast(await readSeries(past, assets, events), []);
  feed.setLatest(latest);
  // One file at a time: the feed keeps only the most recent alerts.
  for await (const alerts of readProduct(past, "alerts")) feed.addPast([], alerts);
  const lag = async () => {
    const ends = await log.endOffsets();
    return ends.map((end, partition) => end - (feed.snapshot().stream.offsets[partition] ?? 0));
  };
  const port = options.serve === true ? undefined : options.serve;
  const dashboard = await startDashboard({ root, feed, port, lag });
  const isMoved = port === undefined && dashboard.port !== DEFAULT_PORT;
  notify(`live page: ${dashboard.url}${isMoved ? ` (port ${DEFAULT_PORT} is taken)` : ""}`);

  // Spark's results are read from the store. A store that cannot be read must not stop Spark.
  const closed = new AbortController();
  const following = options.engine === "spark" ? followProducts() : undefined;
  async function followProducts(): Promise<void> {
    const { followProducts } = await import("../view/dashboard/follow.js");
    await followProducts(store, feed, closed.signal).catch((error: unknown) => {
      notify(`the live page stopped following the prices: ${errorMessage(error)}`);
    });
  }

  return {
    url: dashboard.url,
    addOutput: (output) => feed.addOutput(output),
    setStatus: (status) => feed.setStatus(status),
    end(status) {
      feed.setStatus(status);
      feed.setLatest(status.latest);
    },
    async close() {
      closed.abort();
      await following;
      feed.close();
      await dashboard.close();
    },
  };
}
