import type { PriceRow } from "../../store/products.js";
import type { AssetSeries } from "../../view/report/series.js";
import { thin } from "../../view/report/thin.js";
import type { Trace } from "./trace.js";

/** The maximum that a chart in a notebook shows: charts are saved in the notebook. */
const MAX_PRICES = 1_500;

/** Converts the trace of one asset to a series for the report's charts. */
export function seriesOf(asset: string, { settings, batches }: Trace): AssetSeries {
  const prices = thin<PriceRow>(MAX_PRICES);
  for (const event of batches.flatMap(({ events }) => events)) {
    if (event.asset !== asset) continue;
    prices.add({ asset, price_usd: event.priceUsd, event_time: event.eventTimeMs });
  }
  const windows = batches.flatMap((batch) => batch.windows).filter((row) => row.asset === asset);
  return {
    asset,
    prices: prices.values.sort((a, b) => a.event_time - b.event_time),
    windows,
    changes: windows.filter((row) => Math.abs(row.pct_change) >= settings.changeThreshold),
    priceStride: prices.stride,
  };
}
