import { tableFromIPC } from "apache-arrow";

/** A row by column name. Values are numbers, timestamps (milliseconds since the epoch), strings, booleans, null, or nested objects and arrays. */
export type SparkRow = Record<string, unknown>;

/** Converts a value of an Arrow column to plain JavaScript. */
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

/** The rows of a table in Arrow's IPC format, which Spark sends. */
export function arrowRows(data: Uint8Array): SparkRow[] {
  return tableFromIPC(data)
    .toArray()
    .map((row) => plain(row) as SparkRow);
}
