import type { LatestRow } from "../store/products.js";
import { isBefore } from "./aggregate.js";
import type { AssetStates, Operator } from "./operator.js";

/** The latest price of an asset by (event time, offset). */
export interface LatestPrice {
  asset: string;
  priceUsd: number;
  eventTimeMs: number;
  offset: number;
}

type SavedPrice = Omit<LatestPrice, "asset">;

/** Keeps the latest price of each asset, the rows of `latest/`. */
export interface LatestOperator extends Operator<LatestPrice, SavedPrice> {
  /** The latest price of each asset, sorted by name. */
  rows(): LatestRow[];
  /** The rows of `latest/`, to be written now; undefined if it is up to date. */
  takeRows(): LatestRow[] | undefined;
  of(asset: string): LatestPrice;
}

/** With at most this many assets, every batch writes `latest/`. */
const MAX_ASSETS_EVERY_BATCH = 1_000;

/**
 * `latest/` is always replaced completely (Spark's output mode "complete"), so the cost of writing it grows with the number
 * of assets, however few have changed. With many assets, a batch writes it only once at least half as many changes have
 * accumulated: at most two rows per change. Until then `latest/` lags behind; the pipeline also writes it when it is idle
 * and when it ends.
 */
export function latestPrices(): LatestOperator {
  let assets: AssetStates<LatestPrice>;
  /** The number of changed assets, summed over the batches since `latest/` was last written. */
  let unpublished = 0;

  const rows = () =>
    [...assets.all()]
      .map(({ asset, priceUsd, eventTimeMs }) => ({
        asset,
        price_usd: priceUsd,
        event_time: eventTimeMs,
      }))
      .sort((a, b) => (a.asset < b.asset ? -1 : 1));

  function takeRows(): LatestRow[] | undefined {
    if (unpublished === 0) return undefined;
    unpublished = 0;
    return rows();
  }

  return {
    name: "latest",
    open(states) {
      assets = states;
    },
    newState: ({ asset, priceUsd, eventTimeMs }, { offset }) => ({
      asset,
      priceUsd,
      eventTimeMs,
      offset,
    }),
    add(latest, { priceUsd, eventTimeMs }, { offset }) {
      if (!isBefore(latest.eventTimeMs, latest.offset, eventTimeMs, offset)) return;
      latest.priceUsd = priceUsd;
      latest.eventTimeMs = eventTimeMs;
      latest.offset = offset;
    },
    endBatch(_end, output) {
      unpublished += assets.changed;
      if (assets.size <= MAX_ASSETS_EVERY_BATCH || 2 * unpublished >= assets.size) {
        unpublished = 0;
        output.latest = rows();
      }
      return {};
    },
    save: ({ priceUsd, eventTimeMs, offset }) => ({ priceUsd, eventTimeMs, offset }),
    restore(asset, { priceUsd, eventTimeMs, offset }) {
      unpublished++;
      return { asset, priceUsd, eventTimeMs, offset };
    },
    rows,
    takeRows,
    of: (asset) => assets.stateOf(asset),
  };
}
