import { createHash } from "node:crypto";
import { errorMessage } from "../../labs/shared/errors.js";
import {
  PRODUCTS,
  PRODUCT_NAMES,
  committedFiles,
  readProductFile,
  type PriceRow,
  type Product,
  type WindowRow,
} from "../../labs/store/products.js";
import type { Store } from "../../labs/store/store.js";
import type { WindowSpec } from "../../labs/stream/window.js";
import { formatTime } from "../../labs/shared/time.js";

// Says whether the products of a disturbed run are those of an undisturbed one. Differences are sentences for a person;
// no sentence means that there is no difference.

type Row = Record<string, unknown>;

/** One file of a product as it lies in the store. */
export interface ProductFile {
  name: string;
  /** SHA-256 of its bytes. */
  digest: string;
  rows: Row[];
  /** Why it cannot be read; then it has no rows. */
  error?: string;
}

export type Products = Record<Product, ProductFile[]>;

/**
 * How much must be the same. `bytes`: every file, byte by byte. `files`: every file by its name, and its rows in order.
 * `rows`: the rows, in any order and in any files, numbers but for how they were summed.
 */
export type Strictness = "bytes" | "files" | "rows";

const ROUNDING = 1e-9;
/** How many differences of one product are told. */
const MAX_TOLD = 3;

export const digestOf = (content: Uint8Array): string =>
  createHash("sha256").update(content).digest("hex");

/** Reads all products back. A file that cannot be read is told as such. */
export async function readProducts(store: Store): Promise<Products> {
  async function readFile(product: Product, name: string): Promise<ProductFile> {
    let digest = "";
    try {
      digest = digestOf(await store.read(`${product}/${name}`));
      const rows = await readProductFile(store, product, name);
      // The topic has another name in every output on Kafka.
      return { name, digest, rows: rows.map((row) => ({ ...row, topic: undefined })) };
    } catch (error) {
      return { name, digest, rows: [], error: errorMessage(error) };
    }
  }
  const read = async (product: Product) => {
    const files: ProductFile[] = [];
    for (const name of await committedFiles(store, product)) {
      files.push(await readFile(product, name));
    }
    return [product, files] as const;
  };
  return Object.fromEntries(await Promise.all(PRODUCT_NAMES.map(read))) as Products;
}

export const countRows = (products: Products): number =>
  Object.values(products)
    .flat()
    .reduce((sum, { rows }) => sum + rows.length, 0);

export const rowsOf = (products: Products, product: Product): Row[] =>
  products[product].flatMap(({ rows }) => rows);

function isSame(one: unknown, other: unknown, rounding: number): boolean {
  if (Object.is(one, other)) return true; // two infinities too
  if (typeof one !== "number" || typeof other !== "number") return false;
  if (!Number.isFinite(one) || !Number.isFinite(other)) return false;
  return Math.abs(one - other) <= rounding * Math.max(1, Math.abs(one), Math.abs(other));
}

const isSameRow = (row: Row, other: Row, rounding: number) =>
  [...new Set([...Object.keys(row), ...Object.keys(other)])].every((column) =>
    isSame(row[column], other[column], rounding),
  );

/** The first few of a list, for a message. */
function told(what: string, list: readonly string[]): string[] {
  if (list.length === 0) return [];
  const more = list.length > MAX_TOLD ? " …" : "";
  return [`${what} (${list.length}): ${list.slice(0, MAX_TOLD).join(", ")}${more}`];
}

/** Compares rows as a bag: which are lost, come too often, should not be there, or have other values. */
function rowDifferences(
  expected: readonly Row[],
  found: readonly Row[],
  key: readonly string[],
  rounding = 0,
): string[] {
  const nameOf = (row: Row) => JSON.stringify(key.map((column) => row[column]));
  const pairs = new Map<string, { expected: Row[]; found: Row[] }>();
  const pairOf = (row: Row) => {
    const name = nameOf(row);
    const pair = pairs.get(name) ?? { expected: [], found: [] };
    pairs.set(name, pair);
    return pair;
  };
  for (const row of expected) pairOf(row).expected.push(row);
  for (const row of found) pairOf(row).found.push(row);

  const lost: string[] = [];
  const repeated: string[] = [];
  const unexpected: string[] = [];
  const changed: string[] = [];
  for (const [name, pair] of pairs) {
    if (pair.found.length < pair.expected.length) lost.push(name);
    if (pair.found.length > pair.expected.length) {
      (pair.expected.length > 0 ? repeated : unexpected).push(name);
    }
    for (const [index, row] of pair.expected.entries()) {
      const other = pair.found[index];
      if (other === undefined || isSameRow(row, other, rounding)) continue;
      changed.push(`${JSON.stringify(other)} instead of ${JSON.stringify(row)}`);
    }
  }
  return [
    ...told("rows lost", lost),
    ...told("rows more than once", repeated),
    ...told("rows that should not be there", unexpected),
    ...told("rows changed", changed),
  ];
}

function fileDifferences(
  expected: readonly ProductFile[],
  found: readonly ProductFile[],
  strictness: Strictness,
): string[] {
  const byName = new Map(found.map((file) => [file.name, file]));
  const names = new Set(expected.map(({ name }) => name));
  const missing = expected.filter(({ name }) => !byName.has(name)).map(({ name }) => name);
  const orphans = found.filter(({ name }) => !names.has(name)).map(({ name }) => name);
  const reordered: string[] = [];
  const otherBytes: string[] = [];
  for (const file of expected) {
    const other = byName.get(file.name);
    if (other === undefined || other.error !== undefined) continue;
    if (JSON.stringify(file.rows) !== JSON.stringify(other.rows)) reordered.push(file.name);
    else if (strictness === "bytes" && file.digest !== other.digest) otherBytes.push(file.name);
  }
  return [
    ...told("files missing", missing),
    ...told("files that should not be there", orphans),
    ...told("files with other rows, or in another order", reordered),
    ...told("files with the same rows in other bytes", otherBytes),
  ];
}

/** How the products of a disturbed run differ from those of an undisturbed one. */
export function differences(expected: Products, found: Products, strictness: Strictness): string[] {
  return PRODUCT_NAMES.flatMap((product) => {
    const unreadable = found[product].flatMap(({ name, error }) =>
      error === undefined ? [] : [`${name}: ${error}`],
    );
    const rounding = strictness === "rows" ? ROUNDING : 0;
    const rows = [rowsOf(expected, product), rowsOf(found, product)] as const;
    return [
      ...told("files that cannot be read", unreadable),
      ...rowDifferences(...rows, PRODUCTS[product].key, rounding),
      ...(strictness === "rows"
        ? []
        : fileDifferences(expected[product], found[product], strictness)),
    ].map((difference) => `${product}/: ${difference}`);
  });
}

/** Everything that is known of a run from a live feed, whose events differ from run to run. */
export interface LiveRun {
  /** The values that the feed has sent, each one different, in the order of their event times. */
  sent: readonly string[];
  /** How many of them it had sent when the last run connected, which then ended after all of them. */
  sentBeforeLastRun: number;
  /** The values in the log. */
  logged: readonly string[];
  products: Products;
  windows: WindowSpec;
  /** The watermark at the end; -Infinity where there is none. */
  watermarkMs: number;
  changeThreshold: number;
}

/** The value on the wire that a row of `prices/` came from. */
const valueOf = ({ asset, price_usd, event_time }: PriceRow): string =>
  JSON.stringify({ asset, price_usd, event_time: formatTime(event_time) });

/** The windows that must have been written for events in order, none of which is late. */
function windowsOf(
  prices: readonly PriceRow[],
  { windowMs, slideMs }: WindowSpec,
  watermarkMs: number,
): WindowRow[] {
  const inWindow = new Map<string, { asset: string; start: number; rows: PriceRow[] }>();
  for (const row of prices) {
    let start = Math.floor(row.event_time / slideMs) * slideMs;
    for (; start > row.event_time - windowMs; start -= slideMs) {
      if (start + windowMs > watermarkMs) continue;
      const name = `${start} ${row.asset}`;
      if (!inWindow.has(name)) inWindow.set(name, { asset: row.asset, start, rows: [] });
      inWindow.get(name)!.rows.push(row);
    }
  }
  return [...inWindow.values()].map(({ asset, start, rows }) => {
    const values = rows
      .sort((a, b) => a.event_time - b.event_time)
      .map(({ price_usd }) => price_usd);
    const count = values.length;
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const [first, last] = [values[0]!, values[count - 1]!];
    return {
      asset,
      window_start: start,
      window_end: start + windowMs,
      count,
      avg_price: mean,
      stddev_price: count === 1 ? null : Math.sqrt(squares / (count - 1)),
      min_price: Math.min(...values),
      max_price: Math.max(...values),
      first_price: first,
      last_price: last,
      pct_change: ((last - first) / first) * 100,
    };
  });
}

/**
 * What is wrong with the products of runs from a live feed: everything in the log is in the products exactly once, nothing
 * else is, what the last run was sent is there, and windows, changes and latest prices are those of `prices/`.
 */
export function liveDifferences(run: LiveRun): string[] {
  const { sent, logged, products, watermarkMs } = run;
  const prices = rowsOf(products, "prices") as PriceRow[];
  const values = [
    ...prices.map(valueOf),
    ...rowsOf(products, "rejected").map(({ raw }) => String(raw)),
  ];
  const asRows = (list: readonly string[]) => list.map((value) => ({ value }));
  const distinct = new Set(values);
  const known = new Set(sent);
  const unknown = [...distinct].filter((value) => !known.has(value));
  const lost = sent.slice(run.sentBeforeLastRun).filter((value) => !distinct.has(value));
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const repeated = [...counts].filter(([, count]) => count > 1).map(([value]) => value);

  const windows = windowsOf(prices, run.windows, watermarkMs);
  const changes = windows.filter(({ pct_change }) => Math.abs(pct_change) >= run.changeThreshold);
  const latest = new Map<string, PriceRow>();
  for (const row of prices) {
    const before = latest.get(row.asset);
    if (before === undefined || row.event_time >= before.event_time) latest.set(row.asset, row);
  }
  const derived = { windows, changes, latest: [...latest.values()] };
  const withoutTopic = (rows: readonly object[]) =>
    rows.map((row) => ({ ...row, topic: undefined }) as Row);
  return [
    ...PRODUCT_NAMES.flatMap((product) =>
      products[product].flatMap(({ name, error }) =>
        error === undefined ? [] : [`${product}/${name} cannot be read: ${error}`],
      ),
    ),
    ...rowDifferences(asRows(logged), asRows(values), ["value"]).map(
      (difference) => `prices/ and rejected/ against the log: ${difference}`,
    ),
    ...told("stored but never sent", unknown),
    ...told("sent once but stored more than once", repeated),
    ...told("sent to the last run but not stored", lost),
    ...(["windows", "changes", "latest"] as const).flatMap((product) =>
      rowDifferences(
        withoutTopic(derived[product]),
        rowsOf(products, product),
        PRODUCTS[product].key,
        ROUNDING,
      ).map((difference) => `${product}/ against prices/: ${difference}`),
    ),
  ];
}

/** How a run of the command ended. */
export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

const STACK_TRACE = /^\s+at .+:\d+|defect of the lab|internal error|Unhandled|node:internal/m;
/** What a message must offer: something to do next. */
const REMEDY =
  /--fresh|another --out|same command|stack\.ts|(end|free|mend|remove|restore|choose|check|start|try|wait|see|use|set|move)\b/i;

const lastLine = (text: string) => text.trimEnd().split("\n").at(-1) ?? "";

/**
 * What is wrong with how a run refused to go on; undefined where it ended as it should: exit code 1 and a last line that
 * names what is wrong and says what to do.
 *
 * @param names what the message must name, one of them
 */
export function unclearRefusal(
  { code, signal, stderr }: Ending,
  names: readonly string[],
): string | undefined {
  const line = lastLine(stderr);
  const said = `it said: ${line.slice(0, 300) || "nothing"}`;
  if (code !== 1) return `ended with ${code ?? signal}, not exit code 1; ${said}`;
  if (STACK_TRACE.test(stderr)) return `an internal error and not a message; ${said}`;
  if (!names.some((name) => line.includes(name))) {
    return `the message names none of ${names.join(", ")}; ${said}`;
  }
  if (!REMEDY.test(line)) return `the message offers no remedy; ${said}`;
  return undefined;
}
