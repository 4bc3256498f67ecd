import type { LatestRow } from "../store/products.js";
import type { State } from "./state.js";

/** Up to so many assets, every batch writes `latest/`. */
const MAX_ASSETS_EVERY_BATCH = 1_000;

/**
 * Whether a batch writes `latest/`. It is replaced as a whole (Spark's output mode "complete"), so writing it costs as much as
 * there are assets, however few have changed. With many assets a batch writes it only where the batches since it was written
 * have changed half as many: then it costs two rows for each change. Otherwise `latest/` is behind until a later batch,
 * or until the pipeline has nothing to do or ends, when it writes what is left.
 */
export function isLatestDue({ assets, unpublished }: State): boolean {
  return assets.size <= MAX_ASSETS_EVERY_BATCH || 2 * unpublished >= assets.size;
}

/** The rows of `latest/`, which is to be replaced by them at once. */
export function takeLatest(state: State): LatestRow[] {
  state.unpublished = 0;
  return latestPrices(state);
}

/** The latest price of every asset, by name. */
export function latestPrices({ assets }: State): LatestRow[] {
  return [...assets.values()]
    .map(({ asset, latest }) => ({
      asset,
      price_usd: latest.priceUsd,
      event_time: latest.eventTimeMs,
    }))
    .sort((a, b) => (a.asset < b.asset ? -1 : 1));
}
