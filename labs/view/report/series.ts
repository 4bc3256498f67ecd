import type { EventLog } from "../../log/log.js";
import { parseEvent } from "../../event.js";
import { readProduct, type AlertRow, type PriceRow, type WindowRow } from "../../store/products.js";
import type { Store } from "../../store/store.js";
import type { Trace } from "../../course/lesson/trace.js";
import { thin, type Thinned } from "./thin.js";

/** How much a chart shows at most: a page must stay light however long the stream was. */
const MOST_PRICES = 5_000;
/** In a notebook, which is saved with its charts. */
const MOST_PRICES_DRAWN = 1_500;
const MOST_WINDOWS = 2_500;
const MOST_CHANGES = 500;
const MAX_ALERTS = 50;
/** Of more prices than these in all, only some files are read. */
const MOST_PRICES_READ = 1_000_000;
/** Lateness is taken from at most about so many records, in pieces spread over each partition. */
const MOST_LATENESS_RECORDS = 60_000;
const PIECE_RECORDS = 500;

/** What the charts show of one asset, by event time. Thinned where there is more than a chart can show. */
export interface AssetSeries {
  asset: string;
  prices: PriceRow[];
  windows: WindowRow[];
  changes: WindowRow[];
  /** Every how many-th price is shown. */
  priceStride: number;
}

/** Reads the series of some assets from the products, one file at a time. */
export async function readSeries(
  store: Store,
  assets: readonly string[],
  events: number,
): Promise<AssetSeries[]> {
  const everyFile = Math.ceil(events / MOST_PRICES_READ);
  const prices = await gather<PriceRow>(readProduct(store, "prices", everyFile), MOST_PRICES);
  const windows = await gather<WindowRow>(readProduct(store, "windows"), MOST_WINDOWS);
  const changes = await gather<WindowRow>(readProduct(store, "changes"), MOST_CHANGES);

  async function gather<Row extends { asset: string }>(
    files: AsyncIterable<Row[]>,
    limit: number,
  ): Promise<Map<string, Thinned<Row>>> {
    const byAsset = new Map(assets.map((asset) => [asset, thin<Row>(limit)]));
    for await (const rows of files) {
      for (const row of rows) byAsset.get(row.asset)?.add(row);
    }
    return byAsset;
  }

  return assets.map((asset) => ({
    asset,
    prices: prices.get(asset)!.values.sort((a, b) => a.event_time - b.event_time),
    windows: windows.get(asset)!.values.sort((a, b) => a.window_end - b.window_end),
    changes: changes.get(asset)!.values.sort((a, b) => a.window_end - b.window_end),
    priceStride: prices.get(asset)!.stride * everyFile,
  }));
}

/** The alerts of a report. */
export interface RecentAlerts {
  /** The last ones by time, the newest first. */
  latest: AlertRow[];
  /** How many there are in all. */
  count: number;
}

/** Reads the last alerts from the products, one file at a time. */
export async function readAlerts(store: Store): Promise<RecentAlerts> {
  let latest: AlertRow[] = [];
  let count = 0;
  for await (const rows of readProduct(store, "alerts")) {
    count += rows.length;
    latest = [...latest, ...rows]
      .sort((a, b) => Date.parse(b.time) - Date.parse(a.time))
      .slice(0, MAX_ALERTS);
  }
  return { latest, count };
}

/** The series of one asset from a look at the engine, for the same charts. */
export function seriesOf(asset: string, { settings, batches }: Trace): AssetSeries {
  const prices = thin<PriceRow>(MOST_PRICES_DRAWN);
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

/**
 * The lateness (arrival less event time, milliseconds) of the events in the log, or of an evenly
 * spaced sample where there are many.
 *
 * @returns undefined where no event arrived at another time than its own: the tape has no arrival times
 */
export async function readLateness(log: EventLog): Promise<Lateness | undefined> {
  const latenessMs: number[] = [];
  let records = 0;
  let known = false;
  const mostPieces = Math.ceil(MOST_LATENESS_RECORDS / PIECE_RECORDS / log.partitions);
  const starts = await log.startOffsets();
  for (const [partition, end] of (await log.endOffsets()).entries()) {
    const start = starts[partition] ?? 0;
    const length = end - start;
    records += length;
    const isSmall = length <= mostPieces * PIECE_RECORDS;
    const pieces = isSmall ? 1 : mostPieces;
    for (let piece = 0; piece < pieces; piece++) {
      const from = start + Math.floor((length * piece) / pieces);
      const to = isSmall ? end : from + PIECE_RECORDS;
      for await (const read of log.read(partition, from, to)) {
        for (const { value, timestampMs } of read) {
          const event = parseEvent(value, timestampMs);
          if (typeof event === "string") continue;
          if (event.eventTimeMs !== timestampMs) known = true;
          latenessMs.push(timestampMs - event.eventTimeMs);
        }
      }
    }
  }
  return known ? { latenessMs, records } : undefined;
}

export interface Lateness {
  latenessMs: number[];
  /** How many records the log holds (by its offsets), of which `latenessMs` may be a sample. */
  records: number;
}
