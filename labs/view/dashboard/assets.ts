import type { LatestRow, WindowRow } from "../../store/products.js";
import type { ChartedWindow } from "../report/figure.js";
import { boundedList, type BoundedList } from "./bounded.js";
import type { AssetView, Limits, PricePoint } from "./views.js";

/** Prices of one asset are at least this far apart, in event time. */
const PRICE_SPACING_MS = 1_000;

interface Kept {
  asset: string;
  price: number;
  eventTimeMs: number;
  prices: BoundedList<PricePoint>;
  windows: BoundedList<ChartedWindow>;
  isChanged: boolean;
}

/** Keeps the views of the assets, up to the limits. */
export function openAssets(limits: Limits) {
  const assets = new Map<string, Kept>();

  /** Undefined if the limit of assets is exceeded. */
  function find(asset: string): Kept | undefined {
    let kept = assets.get(asset);
    if (kept === undefined && assets.size < limits.assets) {
      kept = {
        asset,
        price: NaN,
        eventTimeMs: -Infinity,
        isChanged: false,
        prices: boundedList(limits.prices),
        windows: boundedList(limits.windows),
      };
      assets.set(asset, kept);
    }
    return kept;
  }

  /** Sets the latest price. @returns the asset; undefined if the limit of assets is exceeded or a later price is known */
  function setPrice(asset: string, timeMs: number, price: number): Kept | undefined {
    const kept = find(asset);
    if (kept === undefined || timeMs < kept.eventTimeMs) return undefined;
    kept.price = price;
    kept.eventTimeMs = timeMs;
    kept.isChanged = true;
    return kept;
  }

  const viewOf = (
    { asset, price, eventTimeMs }: Kept,
    prices: PricePoint[],
    windows: ChartedWindow[],
  ) => ({
    asset,
    price,
    eventTimeMs,
    prices,
    windows,
  });

  return {
    addPrice(asset: string, timeMs: number, price: number): void {
      const prices = setPrice(asset, timeMs, price)?.prices;
      const last = prices?.values.at(-1);
      if (last !== undefined && timeMs - last[0] < PRICE_SPACING_MS) return;
      prices?.add([timeMs, price]);
    },
    addWindow(row: WindowRow): void {
      const kept = find(row.asset);
      if (kept === undefined) return;
      const { window_end, avg_price, stddev_price, last_price, pct_change } = row;
      kept.windows.add({ window_end, avg_price, stddev_price, last_price, pct_change });
      kept.isChanged = true;
    },
    /** Sets the latest price of an asset by (event time, offset); the points of a chart may not include it. */
    setLatest: ({ asset, event_time, price_usd }: LatestRow) =>
      void setPrice(asset, event_time, price_usd),
    views: (): AssetView[] =>
      [...assets.values()].map((kept) => viewOf(kept, kept.prices.values, kept.windows.values)),
    /** The views of the assets that have changed since the last call, with their new prices and windows only. */
    takeNew: (): AssetView[] =>
      [...assets.values()]
        .filter(({ isChanged }) => isChanged)
        .map((kept) => {
          kept.isChanged = false;
          return viewOf(kept, kept.prices.takeNew(), kept.windows.takeNew());
        }),
  };
}
