import { parquetMetadata, parquetSchema } from "hyparquet";
import { errorMessage } from "../../shared/errors.js";
import { parseJson } from "../../shared/json.js";
import { decodeParquet } from "../../store/parquet.js";
import { sparkFiles } from "../../store/spark-sink.js";
import type { Store } from "../../store/store.js";
import { VENUES } from "./session.js";

// Reads the products that the learner's query has written, and notes what is wrong with their files.

type ColumnKind = "string" | "double" | "int64" | "timestamp";
export type ProductRow = Record<string, unknown>;

/** A product as its files hold it. */
export interface Product {
  rows: ProductRow[];
  files: number;
  /** What is wrong with its files: sentences that begin with a path. */
  problems: string[];
}

const TRADE_COLUMNS: Record<string, ColumnKind> = {
  trade_id: "int64",
  asset: "string",
  price: "double",
  quantity: "double",
  side: "string",
  trade_time: "timestamp",
};
const WINDOW_COLUMNS: Record<string, ColumnKind> = {
  venue: "string",
  asset: "string",
  window_start: "timestamp",
  count: "int64",
  volume: "double",
  vwap: "double",
};

/** The names of the files in a folder; those that Spark has not committed do not count. */
export async function filesIn(store: Store, folder: string): Promise<string[]> {
  const names = (await store.list(folder)).filter((name) => !/^[._]/.test(name));
  const product = folder.split("/")[0]!;
  const committed = await sparkFiles(store, product);
  if (committed === undefined) return names;
  const known = new Set(committed.map(({ path }) => path.slice(path.lastIndexOf("/") + 1)));
  return names.filter((name) => known.has(name));
}

/** Reads `trades/`: a folder for each venue. */
export async function readTrades(store: Store): Promise<Product> {
  const product: Product = { rows: [], files: 0, problems: [] };
  const folders = VENUES.map((venue) => `venue=${venue}`);
  for (const name of await store.list("trades")) {
    if (/^[._]/.test(name) || folders.includes(name)) continue;
    product.problems.push(`trades/${name}: expected only ${folders.join("/ and ")}/`);
  }
  for (const venue of VENUES) {
    const folder = `trades/venue=${venue}`;
    await addFiles(store, folder, TRADE_COLUMNS, product, (row) => ({ ...row, venue }));
  }
  return product;
}

/** Reads `windows/`. */
export async function readWindows(store: Store): Promise<Product> {
  const product: Product = { rows: [], files: 0, problems: [] };
  await addFiles(store, "windows", WINDOW_COLUMNS, product, (row) => row);
  return product;
}

async function addFiles(
  store: Store,
  folder: string,
  columns: Record<string, ColumnKind>,
  product: Product,
  complete: (row: ProductRow) => ProductRow,
): Promise<void> {
  for (const name of await filesIn(store, folder)) {
    const path = `${folder}/${name}`;
    product.files++;
    try {
      const content = await store.read(path);
      const rows = await decodeParquet<ProductRow>(content);
      for (const row of rows) product.rows.push(complete(row));
      const problem = columnProblem(content, columns);
      if (problem !== undefined) product.problems.push(`${path}: ${problem}`);
    } catch (error) {
      product.problems.push(`${path}: ${errorMessage(error)}`);
    }
  }
}

/** What is wrong with the columns of a Parquet file; undefined if nothing is. A column `venue` is allowed in any file. */
function columnProblem(content: Buffer, expected: Record<string, ColumnKind>): string | undefined {
  const bytes = new Uint8Array(content).buffer;
  const found = new Map(
    parquetSchema(parquetMetadata(bytes)).children.map(({ element }) => [element.name, element]),
  );
  for (const [name, kind] of Object.entries(expected)) {
    const element = found.get(name);
    if (element === undefined) return `the column ${name} is missing`;
    const own = kindOf(element);
    if (own !== kind) return `the column ${name} has the type ${own}, not ${kind}`;
  }
  const other = [...found.keys()].find((name) => name !== "venue" && !(name in expected));
  return other === undefined ? undefined : `the column ${other} is not in the specification`;
}

type Element = ReturnType<typeof parquetSchema>["element"];

function kindOf({ type, converted_type: converted, logical_type: logical }: Element): string {
  if (type === "DOUBLE") return "double";
  if (type === "BYTE_ARRAY" && (converted === "UTF8" || logical?.type === "STRING"))
    return "string";
  const isTimestamp = logical?.type === "TIMESTAMP" || converted?.startsWith("TIMESTAMP");
  if (type === "INT96" || (type === "INT64" && isTimestamp)) return "timestamp";
  if (type === "INT64" && (converted === undefined || converted === "INT_64")) return "int64";
  return [type, converted].filter((part) => part !== undefined).join(" ");
}

/** Reads `rejected/`: JSON lines. */
export async function readRejected(store: Store): Promise<Product> {
  const product: Product = { rows: [], files: 0, problems: [] };
  for (const name of await filesIn(store, "rejected")) {
    product.files++;
    const lines = (await store.read(`rejected/${name}`)).toString().split("\n");
    for (const [index, line] of lines.entries()) {
      if (line === "") continue;
      const row = parseJson(line);
      if (typeof row === "object" && row !== null) product.rows.push(row as ProductRow);
      else product.problems.push(`rejected/${name}: line ${index + 1} is not a JSON object`);
    }
  }
  return product;
}
