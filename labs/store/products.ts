import { z } from "zod";
import { LabError, errorMessage } from "../shared/errors.js";
import type { PriceEvent } from "../event.js";
import { FILE_REMEDY, checksum, type CommittedFile, type Manifest } from "./manifest.js";
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

/** The output of a batch before anything is put out. */
export const emptyOutput = (batchId: number): BatchOutput => ({
  ...{ batchId, events: [], windows: [], changes: [], latest: undefined, rejected: [], alerts: [] },
});

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

/** The batch that a file of a product is of; NaN where its name does not say. */
export function batchOfFile(path: string): number {
  return Number(/\/part-(\d+)\.(parquet|jsonl)$/.exec(path)?.[1] ?? NaN);
}

/** The one file of `latest/`, replaced as a whole. */
export const LATEST_FILE = "latest/latest.parquet";

/** Makes the folder of each product but `alerts/`, which the first alert makes. @throws LabError if the store cannot be written */
export async function createProducts(store: Store): Promise<void> {
  for (const product of PRODUCTS) if (product !== "alerts") await store.makeFolder(product);
}

async function writeFile(
  store: Store,
  path: string,
  content: Uint8Array,
  rows: number,
): Promise<CommittedFile> {
  await store.write(path, content);
  return { path, bytes: content.length, rows, crc32: checksum(content) };
}

/**
 * Writes what a batch adds. Safe to repeat: the same batch gives the same files, byte for byte. A batch without rows
 * for a product adds no file, except batch 0, whose empty file tells readers the columns.
 *
 * @returns the files, for the checkpoint
 */
export async function writeBatch(store: Store, output: BatchOutput): Promise<CommittedFile[]> {
  const { batchId } = output;
  async function writePart(product: Product, columns: Columns, rows: readonly Row[]) {
    if (rows.length === 0 && batchId > 0) return [];
    const path = `${product}/${partName(batchId, "parquet")}`;
    return [await writeFile(store, path, await encodeParquet(columns, rows), rows.length)];
  }
  const prices = output.events.map(({ asset, priceUsd, eventTimeMs }) => {
    return { asset, price_usd: priceUsd, event_time: eventTimeMs };
  });
  async function writeLines(product: Product, rows: readonly object[]) {
    if (rows.length === 0) return [];
    const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
    const path = `${product}/${partName(batchId, "jsonl")}`;
    return [await writeFile(store, path, Buffer.from(lines), rows.length)];
  }
  // At once: a store far away takes as long for five files as for one.
  const written = await Promise.all([
    writePart("prices", PRICE_COLUMNS, prices),
    writePart("windows", WINDOW_COLUMNS, output.windows),
    writePart("changes", WINDOW_COLUMNS, output.changes),
    writeLines("rejected", output.rejected),
    writeLines("alerts", output.alerts),
    output.latest === undefined ? [] : writeLatest(store, output.latest).then((file) => [file]),
  ]);
  return written.flat();
}

/** Replaces `latest/` as a whole, atomically. */
export async function writeLatest(
  store: Store,
  latest: readonly LatestRow[],
): Promise<CommittedFile> {
  const content = await encodeParquet(PRICE_COLUMNS, latest);
  return writeFile(store, LATEST_FILE, content, latest.length);
}

/** Where Spark's file sink notes the files of each batch that is complete. */
const SPARK_METADATA = "_spark_metadata";
const sparkFile = z.object({ path: z.string(), size: z.number() });

/**
 * The files of a product that Spark's file sink has written, by its own log; undefined where Spark has not written it.
 *
 * @param lastBatch the last batch that Spark's checkpoint has committed, where that is known: the log must have it
 */
async function sparkFiles(
  store: Store,
  product: Product,
  lastBatch = -1,
): Promise<CommittedFile[] | undefined> {
  const names = await store.list(product);
  if (!names.includes(SPARK_METADATA) && lastBatch < 0) return undefined;
  const folder = `${product}/${SPARK_METADATA}`;
  function unreadable(file: string, why: string): LabError {
    return new LabError(
      `${store.root}/${folder}/${file} ${why}: without it nobody knows which files of ${product}/ are complete; restore it from a copy, or start over with --fresh`,
    );
  }
  const logs = (await store.list(folder))
    .map((name) => ({ name, match: /^(\d+)(\.compact)?$/.exec(name) }))
    .flatMap(({ name, match }) =>
      match === null
        ? []
        : [{ name, batchId: Number(match[1]), isCompact: match[2] !== undefined }],
    )
    .sort((a, b) => a.batchId - b.batchId);
  // `9.compact` repeats what the files up to 9 say, and Spark removes those later.
  const compact = logs.reduce((last, { isCompact }, index) => (isCompact ? index : last), -1);
  const files: CommittedFile[] = [];
  let next = compact < 0 ? 0 : logs[compact]!.batchId;
  for (const { name, batchId } of logs.slice(Math.max(compact, 0))) {
    if (batchId !== next++) throw unreadable(String(next - 1), "is missing");
    const content = (await store.read(`${folder}/${name}`)).toString();
    const [version, ...lines] = content.trimEnd().split("\n");
    if (version !== "v1") throw unreadable(name, "does not begin with its version, v1");
    for (const [index, line] of lines.entries()) {
      const parsed = sparkFile.safeParse(parseJson(line));
      if (!parsed.success) throw unreadable(name, `names no file in line ${index + 2}`);
      const { path, size } = parsed.data;
      const file = decodeURIComponent(path.slice(path.lastIndexOf("/") + 1));
      files.push({ path: `${product}/${file}`, bytes: size });
    }
  }
  if (next <= lastBatch) throw unreadable(String(next), "is missing");
  return files;
}

/** The value of a JSON text; undefined where it is none. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * What Spark has committed of the products that it writes.
 *
 * @param lastBatches of each product the last batch that Spark's checkpoint has committed
 */
export async function sparkManifest(
  store: Store,
  lastBatches: Partial<Record<Product, number>>,
): Promise<Manifest> {
  const files: CommittedFile[] = [];
  for (const product of PRODUCTS) {
    for (const file of (await sparkFiles(store, product, lastBatches[product])) ?? []) {
      files.push(file);
    }
  }
  return {
    files: new Map(files.map((file) => [file.path, file])),
    // Written when a run ends, by a query of its own.
    mayBeUnlisted: (path) => path.startsWith("latest/"),
    batchesWithoutList: 0,
    isReadByList: true,
  };
}

/**
 * The files of a product. Where Spark has written it, those that its log names: another one is left
 * over from a batch that was cut short and written again.
 */
export async function committedFiles(store: Store, product: Product): Promise<string[]> {
  const names = await store.list(product);
  const files = await sparkFiles(store, product);
  if (files === undefined) return names.filter((name) => !name.startsWith("_"));
  const committed = new Set(files.map(({ path }) => path));
  return names.filter((name) => committed.has(`${product}/${name}`));
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

/** The rows of one file of a product. @throws LabError naming the file, where it is damaged */
export async function readProductFile<P extends Product>(
  store: Store,
  product: P,
  name: string,
): Promise<ProductRow<P>[]> {
  const content = await store.read(`${product}/${name}`);
  return decodeProductFile(product, name, content).catch((error: unknown) => {
    throw new LabError(
      `${store.root}/${product}/${name} is damaged: ${errorMessage(error)}; ${FILE_REMEDY}`,
    );
  });
}

/** The columns without which a file is none of the product. Where a message has no value, Spark's JSON leaves out `raw`. */
const COLUMNS: Record<Product, readonly string[]> = {
  prices: Object.keys(PRICE_COLUMNS),
  latest: Object.keys(PRICE_COLUMNS),
  windows: Object.keys(WINDOW_COLUMNS),
  changes: Object.keys(WINDOW_COLUMNS),
  rejected: ["topic", "partition", "offset", "reason"],
  alerts: ["id", "rule", "kind", "asset", "time", "price_usd", "value", "text"],
};

/** The rows in the content of a file of a product. @throws LabError saying what is wrong with it */
export async function decodeProductFile<P extends Product>(
  product: P,
  name: string,
  content: Buffer,
): Promise<ProductRow<P>[]> {
  if (name.endsWith(".parquet")) {
    const rows = await decodeParquet<ProductRow<P>>(content);
    requireColumns(product, rows[0] ?? undefined, "its first row");
    return rows;
  }
  const lines = content.toString().split("\n");
  if (lines.pop() !== "") throw new LabError("its last line is cut short");
  return lines.map((line, index) => {
    const row = parseJson(line);
    if (typeof row !== "object" || row === null) {
      throw new LabError(`line ${index + 1} is not a JSON object`);
    }
    requireColumns(product, row, `line ${index + 1}`);
    return row as ProductRow<P>;
  });
}

function requireColumns(product: Product, row: object | undefined, place: string): void {
  const missing = row && COLUMNS[product].find((column) => !(column in row));
  if (missing === undefined) return;
  throw new LabError(`expected the columns of ${product}/, found no ${missing} in ${place}`);
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
