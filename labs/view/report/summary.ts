import Table from "cli-table3";
import type { PipelineStatus } from "../status.js";
import { printable } from "../../shared/printable.js";
import { readProduct, type WindowRow } from "../../store/products.js";
import {
  TOTALS,
  TOTAL_NAMES,
  type KnownTotals,
  type Total,
  type TotalSpec,
} from "../../stream/totals.js";
import type { Store } from "../../store/store.js";
import { formatTime } from "../../shared/time.js";
import { formatNumber, formatPercent, formatTotal } from "../format.js";

/** One asset at the end of a run. Times are ISO-8601. */
export interface AssetSummary {
  asset: string;
  price_usd: number;
  event_time: string;
  /** The last window written; null if there is none. */
  lastWindow: WindowSummary | null;
  /** The written window with the largest |pct_change|; null if there is none. */
  biggestChange: WindowSummary | null;
}

export interface WindowSummary {
  window_start: string;
  window_end: string;
  count: number;
  avg_price: number;
  stddev_price: number | null;
  pct_change: number;
}

/** The result of a run: what `--json` prints. A total that the engine does not count is null. Totals are sums over all runs since the first; `newRecords` and `elapsedMs` are of this run. */
export interface Summary extends KnownTotals {
  /** Windows with events whose end the watermark has not passed. */
  openWindows: number;
  /** ISO-8601; null before the first event. */
  watermark: string | null;
  /** Records that this run read from its source. */
  newRecords: number;
  /** Whether a finite source has been read to its end. */
  ended: boolean;
  elapsedMs: number;
  /** The source's counters: polls, repeated observations, reconnects. */
  source: Record<string, number>;
  assetCount: number;
  /** By name, up to the given limit. */
  assets: AssetSummary[];
}

function windowSummary(row: WindowRow): WindowSummary {
  return {
    window_start: formatTime(row.window_start),
    window_end: formatTime(row.window_end),
    count: row.count,
    avg_price: row.avg_price,
    stddev_price: row.stddev_price,
    pct_change: row.pct_change,
  };
}

/**
 * Summarizes a run, reading the windows back from the store one file at a time.
 *
 * @param maxAssets the maximum number of assets to describe; the first ones by name
 */
export async function summarize(
  status: PipelineStatus,
  store: Store,
  sourceCounts: Readonly<Record<string, number>>,
  elapsedMs: number,
  maxAssets: number,
): Promise<Summary> {
  const { latest } = status;
  const shown = latest.slice(0, maxAssets);
  const names = new Set(shown.map(({ asset }) => asset));
  const last = new Map<string, WindowRow>();
  const biggest = new Map<string, WindowRow>();
  for await (const rows of readProduct(store, "windows")) {
    for (const row of rows) {
      if (!names.has(row.asset)) continue;
      const before = last.get(row.asset);
      if (before === undefined || row.window_end >= before.window_end) last.set(row.asset, row);
      const largest = biggest.get(row.asset);
      if (largest === undefined || Math.abs(row.pct_change) > Math.abs(largest.pct_change)) {
        biggest.set(row.asset, row);
      }
    }
  }
  const summaryOf = (row: WindowRow | undefined) => (row === undefined ? null : windowSummary(row));
  return {
    ...status.totals,
    openWindows: status.openWindows,
    watermark: status.watermarkMs === null ? null : formatTime(status.watermarkMs),
    newRecords: status.appended,
    ended: status.ended,
    elapsedMs: Math.round(elapsedMs),
    source: { ...sourceCounts },
    assetCount: latest.length,
    assets: shown.map(({ asset, price_usd, event_time }) => ({
      asset,
      price_usd,
      event_time: formatTime(event_time),
      lastWindow: summaryOf(last.get(asset)),
      biggestChange: summaryOf(biggest.get(asset)),
    })),
  };
}

/** The maximum number of assets that a terminal and a page show. */
export const MAX_ASSETS_SHOWN = 20;

export function isShown(name: Total, totals: Readonly<KnownTotals>): boolean {
  const { isOptional }: TotalSpec = TOTALS[name];
  return isOptional !== true || totals[name] !== 0;
}

const timeOfDay = (iso: string) => iso.slice(11, 19);

/** Formats the summary for a terminal: a table of the assets, followed by the counts. */
export function formatSummary(summary: Summary): string {
  const table = new Table({
    head: ["asset", "latest price", "at (UTC)", "last window", "average", "biggest change"],
    style: { head: [], border: [] },
    colAligns: ["left", "right", "left", "left", "right", "left"],
  });
  for (const row of summary.assets.slice(0, MAX_ASSETS_SHOWN)) {
    const { lastWindow, biggestChange } = row;
    table.push([
      printable(row.asset),
      formatNumber(row.price_usd),
      row.event_time.slice(0, 19).replace("T", " "),
      lastWindow === null
        ? "none yet"
        : `${timeOfDay(lastWindow.window_start)}–${timeOfDay(lastWindow.window_end)}`,
      lastWindow === null ? "" : formatNumber(lastWindow.avg_price),
      biggestChange === null
        ? ""
        : `${formatPercent(biggestChange.pct_change)} by ${timeOfDay(biggestChange.window_end)}`,
    ]);
  }
  const totalsOf = (of: TotalSpec["of"]) =>
    TOTAL_NAMES.filter((name) => TOTALS[name].of === of && isShown(name, summary)).map(
      (name) => `${TOTALS[name].label} ${formatTotal(summary[name])}`,
    );
  const more = summary.assetCount - MAX_ASSETS_SHOWN;
  const counts = Object.entries(summary.source).map(
    ([name, count]) => `${name} ${formatNumber(count)}`,
  );
  const lines = [
    summary.assets.length === 0 ? "no events yet" : table.toString(),
    ...(more > 0 ? [`… and ${formatNumber(more)} more assets`] : []),
    [...totalsOf("records"), ...counts].join(" · "),
    `${totalsOf("results").join(" · ")} · ` +
      `still open ${formatNumber(summary.openWindows)} ` +
      (summary.watermark === null
        ? "(no watermark yet)"
        : `(the watermark, ${summary.watermark}, has not reached their end)`),
    `${totalsOf("work").join(" · ")} in all · this run took ${(summary.elapsedMs / 1_000).toFixed(2)} s`,
  ];
  return lines.join("\n");
}
