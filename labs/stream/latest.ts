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

/** Keeps the latest price of each asset, as `latest/`. */
export interface LatestOperator extends Operator<LatestPrice, SavedPrice> {
  /** The latest price of every asset, by name. */
  rows(): LatestRow[];
  /** All of `latest/` where the last batches have left it behind, to be written now; undefined where it is up to date. */
  takeRows(): LatestRow[] | undefined;
  of(asset: string): LatestPrice;
}

/** Up to so many assets, every batch writes `latest/`. */
const MAX_ASSETS_EVERY_BATCH = 1_000;

/**
 * `latest/` is replaced as a whole (Spark's output mode "complete"), so writing it costs as much as there are assets,
 * however few have changed. With many assets a batch writes it only where the batches since it was written have changed
 * half as many: then it costs two rows for each change. Otherwise `latest/` is behind until a later batch, or until the
 * pipeline has nothing to do or ends, when it writes what is left.
 */
export function latestPrices(): LatestOperator {
  let assets: AssetStates<LatestPrice>;
  /** How many assets the batches since the last writing of `latest/` have changed, counted anew in each batch. */
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
