import { LabError, errorMessage } from "../shared/errors.js";
import { parseJson } from "../shared/json.js";
import { FILE_REMEDY, checksum, type CommittedFile } from "./manifest.js";
import { decodeParquet, encodeParquet, type Columns, type Encode, type Row } from "./parquet.js";
import { sparkFiles } from "./spark-sink.js";
import type { Store } from "./store.js";

// The products of the pipeline, each a folder under the output root. Times are milliseconds since the epoch in code and
// TIMESTAMP_MILLIS in the files.

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

/** `rejected/`: a record that is not a valid event, its place in the log, and the reason. */
export type RejectedRow = {
  topic: string;
  partition: number;
  offset: number;
  reason: string;
  /** The message's value: text unchanged, a value with a schema id as `0x` and the hexadecimal digits of its bytes. */
  raw: string;
};

/** `alerts/`, if there are alert rules: the start of an episode. Written as JSON lines. */
export type AlertRow = {
  /** Rule, asset, time and a sequence number; the same if the batch is run again. */
  id: string;
  rule: string;
  kind: "change" | "level" | "silence" | "anomaly";
  asset: string;
  /** When the episode began: event time (for a silence, arrival time), ISO-8601. */
  time: string;
  /** The price of the asset at that time, in US dollars. */
  price_usd: number;
  /** The unit depends on the kind: percent (change), dollars (level), seconds (silence), standard deviations (anomaly). */
  value: number;
  /** A readable description. */
  text: string;
};

/** What one micro-batch adds to each product. */
export interface BatchOutput {
  batchId: number;
  prices: PriceRow[];
  windows: WindowRow[];
  changes: WindowRow[];
  /** The complete product; undefined if the batch does not write it (see labs/stream/latest.ts). */
  latest: LatestRow[] | undefined;
  rejected: RejectedRow[];
  alerts: AlertRow[];
}

/** The output of a batch before operators add to it. */
export const emptyOutput = (batchId: number): BatchOutput => ({
  batchId,
  prices: [],
  windows: [],
  changes: [],
  latest: undefined,
  rejected: [],
  alerts: [],
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

/** How a product is written and read. */
interface ProductSpec {
  /** The columns of its Parquet files; undefined if it is written as JSON lines. */
  columns?: Columns;
  /** The columns that identify a row; of `prices/` all of them, and still an event may occur twice. */
  key: readonly string[];
  /** The members that every JSON line must have: Spark omits members without a value. */
  members?: readonly string[];
  /** The rows that a batch writes; undefined if it does not write the product. */
  rowsOf(output: BatchOutput): readonly Row[] | undefined;
  /** Whether each write replaces the whole product (Spark's output mode "complete"). */
  isComplete?: true;
  /** Whether its folder is created only with its first row. */
  isOptional?: true;
}

/** The one list of products: the code that writes, reads, checks and removes them uses this table. */
export const PRODUCTS = {
  prices: {
    columns: PRICE_COLUMNS,
    key: ["asset", "event_time", "price_usd"],
    rowsOf: ({ prices }) => prices,
  },
  windows: {
    columns: WINDOW_COLUMNS,
    key: ["asset", "window_start"],
    rowsOf: ({ windows }) => windows,
  },
  latest: {
    columns: PRICE_COLUMNS,
    key: ["asset"],
    rowsOf: ({ latest }) => latest,
    isComplete: true,
  },
  changes: {
    columns: WINDOW_COLUMNS,
    key: ["asset", "window_start"],
    rowsOf: ({ changes }) => changes,
  },
  rejected: {
    key: ["partition", "offset"],
    members: ["topic", "partition", "offset", "reason"],
    rowsOf: ({ rejected }) => rejected,
  },
  alerts: {
    key: ["id"],
    members: ["id", "rule", "kind", "asset", "time", "price_usd", "value", "text"],
    rowsOf: ({ alerts }) => alerts,
    isOptional: true,
  },
} satisfies Record<string, ProductSpec>;

export type Product = keyof typeof PRODUCTS;
export const PRODUCT_NAMES = Object.keys(PRODUCTS) as Product[];
const specOf = (product: Product): ProductSpec => PRODUCTS[product];

type ProductRow<P extends Product> = NonNullable<
  ReturnType<(typeof PRODUCTS)[P]["rowsOf"]>
>[number];

/** The file that batch N adds to a product. Its name depends only on N, so running N again replaces it. */
function fileOf(product: Product, batchId: number): string {
  const { columns, isComplete } = specOf(product);
  const extension = columns === undefined ? "jsonl" : "parquet";
  if (isComplete) return `${product}/${product}.${extension}`;
  return `${product}/part-${String(batchId).padStart(8, "0")}.${extension}`;
}

/** The batch that wrote a file of a product; NaN if the file's name does not tell. */
export function batchOfFile(path: string): number {
  return Number(/\/part-(\d+)\.(parquet|jsonl)$/.exec(path)?.[1] ?? NaN);
}

/** The only file of `latest/`. */
export const LATEST_FILE = fileOf("latest", 0);

/** Creates the folders of the products. @throws LabError if the store cannot be written */
export async function createProducts(store: Store): Promise<void> {
  const needed = PRODUCT_NAMES.filter((product) => !specOf(product).isOptional);
  await Promise.all(needed.map((product) => store.makeFolder(product)));
}

async function writeRows(
  store: Store,
  product: Product,
  batchId: number,
  rows: readonly Row[],
  encode: Encode,
): Promise<CommittedFile> {
  const { columns } = specOf(product);
  const path = fileOf(product, batchId);
  const content =
    columns === undefined
      ? Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""))
      : await encode(columns, rows);
  await store.write(path, content);
  return { path, bytes: content.length, rows: rows.length, crc32: checksum(content) };
}

/**
 * Writes the output of a batch. Safe to repeat: the same batch gives the same files, byte for byte. A batch without rows for
 * a product writes no file, except batch 0, whose empty Parquet file tells readers the columns.
 *
 * @returns the files, for the checkpoint
 */
export async function writeBatch(
  store: Store,
  output: BatchOutput,
  encode: Encode = encodeParquet,
): Promise<CommittedFile[]> {
  const { batchId } = output;
  async function write(product: Product): Promise<CommittedFile[]> {
    const { columns, isComplete, rowsOf } = specOf(product);
    const rows = rowsOf(output);
    if (rows === undefined) return [];
    const isKept = rows.length > 0 || isComplete || (batchId === 0 && columns !== undefined);
    return isKept ? [await writeRows(store, product, batchId, rows, encode)] : [];
  }
  // In parallel: a remote store takes as long for five files as for one.
  const writes = PRODUCT_NAMES.map(write);
  await Promise.allSettled(writes); // nothing is being written when an error is thrown
  return (await Promise.all(writes)).flat();
}

/** Replaces `latest/` as a whole, atomically. */
export const writeLatest = (
  store: Store,
  latest: readonly LatestRow[],
  encode: Encode = encodeParquet,
): Promise<CommittedFile> => writeRows(store, "latest", 0, latest, encode);

/**
 * The files of a product. If Spark wrote it, only those that Spark's log lists: others are left over from interrupted
 * batches.
 */
export async function committedFiles(store: Store, product: Product): Promise<string[]> {
  const names = await store.list(product);
  const files = await sparkFiles(store, product);
  if (files === undefined) return names.filter((name) => !name.startsWith("_"));
  const committed = new Set(files.map(({ path }) => path));
  return names.filter((name) => committed.has(`${product}/${name}`));
}

/** Which rows of a product to read; all by default. */
export interface Selection {
  /** Read every n-th file only, for a sample. */
  everyFile?: number;
  /** Read the rows of these assets only. */
  assets?: ReadonlySet<string>;
}

/** Reads a product in the order of the batches, yielding the rows of one file at a time. */
export async function* readProduct<P extends Product>(
  store: Store,
  product: P,
  { everyFile = 1, assets }: Selection = {},
): AsyncGenerator<ProductRow<P>[]> {
  for (const [index, name] of (await committedFiles(store, product)).entries()) {
    if (index % everyFile === 0) yield await readProductFile(store, product, name, assets);
  }
}

/**
 * The rows of one file of a product.
 *
 * @param assets read the rows of these assets only; all by default
 * @throws LabError naming the file if it is damaged
 */
export async function readProductFile<P extends Product>(
  store: Store,
  product: P,
  name: string,
  assets?: ReadonlySet<string>,
): Promise<ProductRow<P>[]> {
  const content = await store.read(`${product}/${name}`);
  return decodeProductFile(product, name, content, assets).catch((error: unknown) => {
    throw new LabError(
      `${store.root}/${product}/${name} is damaged: ${errorMessage(error)}; ${FILE_REMEDY}`,
    );
  });
}

/** Decodes the content of a product's file. @throws LabError describing the damage */
export async function decodeProductFile<P extends Product>(
  product: P,
  name: string,
  content: Buffer,
  assets?: ReadonlySet<string>,
): Promise<ProductRow<P>[]> {
  if (name.endsWith(".parquet")) {
    const wanted = assets && { column: "asset", values: assets };
    const rows = await decodeParquet<ProductRow<P>>(content, wanted);
    requireColumns(product, rows[0] ?? undefined, "its first row");
    return rows;
  }
  const lines = content.toString().split("\n");
  if (lines.pop() !== "") throw new LabError("its last line is incomplete");
  const rows = lines.map((line, index) => {
    const row = parseJson(line);
    if (typeof row !== "object" || row === null) {
      throw new LabError(`line ${index + 1} is not a JSON object`);
    }
    requireColumns(product, row, `line ${index + 1}`);
    return row as ProductRow<P>;
  });
  return assets === undefined
    ? rows
    : rows.filter((row) => "asset" in row && assets.has(row.asset));
}

function requireColumns(product: Product, row: object | undefined, place: string): void {
  const { columns, members = Object.keys(columns ?? {}) } = specOf(product);
  const missing = row && members.find((member) => !(member in row));
  if (missing === undefined) return;
  throw new LabError(`expected the columns of ${product}/, but ${place} has no ${missing}`);
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
