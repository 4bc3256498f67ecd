import type { PriceEvent } from "../event.js";
import { decodeParquet, encodeParquet, type Columns, type Row } from "./parquet.js";
import type { Store } from "./store.js";

// The products of the pipeline, each a folder under the output root. All times are milliseconds since the epoch
// here and TIMESTAMP_MILLIS in the files.

/** `prices/`: every valid event once. */
export type PriceRow = { asset: string; price_usd: number; event_time: number };

/** `latest/`: the latest price of each asset by (event time, offset). */
export type LatestRow = PriceRow;

/** `windows/`, and `changes/` where |pct_change| reaches the threshold: one asset in one window. */
export type WindowRow = {
  asset: string;
  window_start: number;
  window_end: number;
  count: number;
  avg_price: number;
  /** Sample standard deviation; null for one event. */
  stddev_price: number | null;
  min_price: number;
  max_price: number;
  /** First and last by (event time, offset). */
  first_price: number;
  last_price: number;
  /** (last − first) / first × 100. */
  pct_change: number;
};

/** `rejected/`: a record that is no valid event, where it stands in the log, and why. */
export type RejectedRow = {
  topic: string;
  partition: number;
  offset: number;
  reason: string;
  /** The message's value as it came. */
  raw: string;
};

/** `alerts/`, where rules are given: something that a rule looks out for has begun. Written as JSON lines. */
export type AlertRow = {
  /** Rule, asset, time and a running number: the same however often the batch is run. */
  id: string;
  rule: string;
  kind: "change" | "level" | "silence" | "anomaly";
  asset: string;
  /** When it began, by event time (a silence: by arrival time), ISO-8601. */
  time: string;
  /** The price of the asset then, US dollars. */
  price_usd: number;
  /** Of a change percent, of a level dollars, of a silence seconds, of an anomaly standard deviations. */
  value: number;
  /** The same for a person. */
  text: string;
};

/** What one micro-batch adds to each product. */
export interface BatchOutput {
  batchId: number;
  /** The valid events, which become `prices/`. */
  events: PriceEvent[];
  windows: WindowRow[];
  changes: WindowRow[];
  /** The whole product, not an addition; undefined where the batch leaves it as it is, since few of many prices have changed. */
  latest: LatestRow[] | undefined;
  rejected: RejectedRow[];
  alerts: AlertRow[];
}

export const PRICE_COLUMNS: Columns = {
  asset: { type: "string" },
  price_usd: { type: "double" },
  event_time: { type: "timestamp" },
};

export const WINDOW_COLUMNS: Columns = {
  asset: { type: "string" },
  window_start: { type: "timestamp" },
  window_end: { type: "timestamp" },
  count: { type: "integer" },
  avg_price: { type: "double" },
  stddev_price: { type: "double", nullable: true },
  min_price: { type: "double" },
  max_price: { type: "double" },
  first_price: { type: "double" },
  last_price: { type: "double" },
  pct_change: { type: "double" },
};

export const PRODUCTS = ["prices", "windows", "latest", "changes", "rejected", "alerts"] as const;
export type Product = (typeof PRODUCTS)[number];

type ProductRow<P extends Product> = P extends "prices" | "latest"
  ? PriceRow
  : P extends "rejected"
    ? RejectedRow
    : P extends "alerts"
      ? AlertRow
      : WindowRow;

/** The file that batch N adds to a product. Its name depends on N alone, so running N again replaces it. */
function partName(batchId: number, extension: string): string {
  return `part-${String(batchId).padStart(8, "0")}.${extension}`;
}

/** Makes the folder of each product but `alerts/`, which the first alert makes. @throws LabError if the store cannot be written */
export async function createProducts(store: Store): Promise<void> {
  for (const product of PRODUCTS) if (product !== "alerts") await store.makeFolder(product);
}

/**
 * Writes what a batch adds. Safe to repeat: the same batch gives the same files. A batch without rows
 * for a product adds no file, except batch 0, whose empty file tells readers the columns.
 */
export async function writeBatch(store: Store, output: BatchOutput): Promise<void> {
  const { batchId } = output;
  async function writePart(product: Product, columns: Columns, rows: readonly Row[]) {
    if (rows.length === 0 && batchId > 0) return;
    const file = `${product}/${partName(batchId, "parquet")}`;
    await store.write(file, await encodeParquet(columns, rows));
  }
  const prices = output.events.map(({ asset, priceUsd, eventTimeMs }) => {
    return { asset, price_usd: priceUsd, event_time: eventTimeMs };
  });
  async function writeLines(product: Product, rows: readonly object[]) {
    if (rows.length === 0) return;
    const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
    await store.write(`${product}/${partName(batchId, "jsonl")}`, lines);
  }
  // At once: a store far away takes as long for five files as for one.
  await Promise.all([
    writePart("prices", PRICE_COLUMNS, prices),
    writePart("windows", WINDOW_COLUMNS, output.windows),
    writePart("changes", WINDOW_COLUMNS, output.changes),
    writeLines("rejected", output.rejected),
    writeLines("alerts", output.alerts),
    output.latest === undefined ? undefined : writeLatest(store, output.latest),
  ]);
}

/** Replaces `latest/` as a whole, atomically. */
export async function writeLatest(store: Store, latest: readonly LatestRow[]): Promise<void> {
  await store.write("latest/latest.parquet", await encodeParquet(PRICE_COLUMNS, latest));
}

/** Where Spark's file sink notes the files of each batch that is complete. */
const SPARK_METADATA = "_spark_metadata";

/**
 * The files of a product. Where Spark has written it, those that its log names: another one is left
 * over from a batch that was cut short and written again.
 */
export async function committedFiles(store: Store, product: Product): Promise<string[]> {
  const names = await store.list(product);
  if (!names.includes(SPARK_METADATA)) return names.filter((name) => !name.startsWith("_"));
  const committed = new Set<string>();
  for (const batch of await store.list(`${product}/${SPARK_METADATA}`)) {
    const content = await store.read(`${product}/${SPARK_METADATA}/${batch}`);
    for (const line of content.toString().trimEnd().split("\n").slice(1)) {
      const { path } = JSON.parse(line) as { path: string };
      committed.add(decodeURIComponent(path.slice(path.lastIndexOf("/") + 1)));
    }
  }
  return names.filter((name) => committed.has(name));
}

/**
 * Reads a product, one file's rows at a time, in the order of the batches.
 *
 * @param everyFile read every so many-th file only, for a sample
 */
export async function* readProduct<P extends Product>(
  store: Store,
  product: P,
  everyFile = 1,
): AsyncGenerator<ProductRow<P>[]> {
  for (const [index, name] of (await committedFiles(store, product)).entries()) {
    if (index % everyFile === 0) yield await readProductFile(store, product, name);
  }
}

/** The rows of one file of a product. */
export async function readProductFile<P extends Product>(
  store: Store,
  product: P,
  name: string,
): Promise<ProductRow<P>[]> {
  const content = await store.read(`${product}/${name}`);
  if (name.endsWith(".parquet")) return decodeParquet<ProductRow<P>>(content);
  const lines = content
    .toString()
    .split("\n")
    .filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as ProductRow<P>);
}

/** All rows of a product, in the order of the batches. */
export async function readAll<P extends Product>(
  store: Store,
  product: P,
): Promise<ProductRow<P>[]> {
  const rows: ProductRow<P>[] = [];
  for await (const piece of readProduct(store, product)) for (const row of piece) rows.push(row);
  return rows;
}
