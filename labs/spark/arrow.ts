import { tableFromIPC } from "apache-arrow";

/** Rows by column name. Numbers, timestamps (milliseconds since the epoch), strings, booleans, null; nested values as JSON. */
export type SparkRow = Record<string, unknown>;

/** A value of an Arrow column as plain JavaScript. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "object" && value !== null) {
    if (value instanceof Uint8Array) return value;
    if ("toJSON" in value && typeof value.toJSON === "function") return plain(value.toJSON());
    if (Array.isArray(value)) return value.map(plain);
    if (!(value instanceof Date)) {
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
    }
  }
  return value;
}

/** The rows of a table in Arrow's IPC format, as Spark sends them. */
export function arrowRows(data: Uint8Array): SparkRow[] {
  return tableFromIPC(data)
    .toArray()
    .map((row) => plain(row) as SparkRow);
}
