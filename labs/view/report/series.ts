import type { EventLog } from "../../log/log.js";
import { readEvent, type DecodeEvent } from "../../event.js";
import { readProduct, type AlertRow, type PriceRow, type WindowRow } from "../../store/products.js";
import type { Store } from "../../store/store.js";
import { thin, type Thinned } from "./thin.js";

/** The maximum that a chart shows, so that the page stays small for long streams. */
const MAX_PRICES = 5_000;
const MAX_WINDOWS = 2_500;
const MAX_CHANGES = 500;
const MAX_ALERTS = 50;
/** If there are more prices than this, only every n-th file is read. */
const MAX_PRICES_READ = 1_000_000;
/** Lateness is computed from at most about this many records, in pieces spread over each partition. */
const MAX_LATENESS_RECORDS = 60_000;
const PIECE_RECORDS = 500;

/** The data of one asset for the charts, by event time; thinned out if it exceeds what a chart shows. */
export interface AssetSeries {
  asset: string;
  prices: PriceRow[];
  windows: WindowRow[];
  changes: WindowRow[];
  /** Every n-th price is shown. */
  priceStride: number;
}

/**
 * Reads the series of some assets from the products, one file at a time.
 *
 * @param events the number of events in the products; 0 if unknown
 */
export async function readSeries(
  store: Store,
  assets: readonly string[],
  events: number,
): Promise<AssetSeries[]> {
  const everyFile = Math.max(1, Math.ceil(events / MAX_PRICES_READ));
  const wanted = { assets: new Set(assets) };
  const sample = readProduct(store, "prices", { ...wanted, everyFile });
  const prices = await gather<PriceRow>(sample, MAX_PRICES);
  const windows = await gather<WindowRow>(readProduct(store, "windows", wanted), MAX_WINDOWS);
  const changes = await gather<WindowRow>(readProduct(store, "changes", wanted), MAX_CHANGES);

  async function gather<Row extends { asset: string }>(
    files: AsyncIterable<Row[]>,
    limit: number,
  ): Promise<Map<string, Thinned<Row>>> {
    const byAsset = new Map(assets.map((asset) => [asset, thin<Row>(limit)]));
    for await (const rows of files) {
      for (const row of rows) byAsset.get(row.asset)!.add(row);
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

export interface RecentAlerts {
  /** The latest ones by time, newest first. */
  latest: AlertRow[];
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

/**
 * The lateness (arrival time minus event time, milliseconds) of the events in the log, or of an evenly
 * spaced sample if there are many.
 *
 * @returns undefined if every event arrived at its event time: the tape has no arrival times
 */
export async function readLateness(
  log: EventLog,
  decode?: DecodeEvent,
): Promise<Lateness | undefined> {
  const latenessMs: number[] = [];
  let records = 0;
  let known = false;
  const maxPieces = Math.ceil(MAX_LATENESS_RECORDS / PIECE_RECORDS / log.partitions);
  const starts = await log.startOffsets();
  for (const [partition, end] of (await log.endOffsets()).entries()) {
    const start = starts[partition] ?? 0;
    const length = end - start;
    records += length;
    const isSmall = length <= maxPieces * PIECE_RECORDS;
    const pieces = isSmall ? 1 : maxPieces;
    for (let piece = 0; piece < pieces; piece++) {
      const from = start + Math.floor((length * piece) / pieces);
      const to = isSmall ? end : from + PIECE_RECORDS;
      for await (const read of log.read(partition, from, to)) {
        for (const { value, timestampMs } of read) {
          const event = await readEvent(value, timestampMs, decode);
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
  /** The number of records in the log (by its offsets), of which `latenessMs` may be a sample. */
  records: number;
}
