/// <reference path="./parquetjs-lite.d.ts" />
import { Writable } from "node:stream";
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import parquet from "parquetjs-lite";
import { LabError, errorMessage } from "../shared/errors.js";

/** The type of a column. Timestamps are milliseconds since the epoch in code and TIMESTAMP_MILLIS (UTC) in the file. */
export type ColumnType = "string" | "double" | "integer" | "timestamp";

export interface Column {
  type: ColumnType;
  /** Whether the column may hold null; by default it may not. */
  nullable?: boolean;
}

/** The columns of a file, in order, by name. */
export type Columns = Record<string, Column>;

export type Row = Record<string, string | number | null>;

const PARQUET_TYPES = {
  string: "UTF8",
  double: "DOUBLE",
  integer: "INT64",
  timestamp: "TIMESTAMP_MILLIS",
} as const;

const ROW_GROUP_ROWS = 100_000;

export interface ParquetOptions {
  /** The compression of pages; SNAPPY by default. */
  compression?: "UNCOMPRESSED" | "SNAPPY" | "GZIP";
  /** The maximum number of rows per row group; 100,000 by default. */
  rowGroupRows?: number;
}

function parquetSchema(
  columns: Columns,
  compression: ParquetOptions["compression"],
): parquet.ParquetSchema {
  const fields = Object.entries(columns).map(([name, { type, nullable }]) => [
    name,
    { type: PARQUET_TYPES[type], optional: nullable ?? false, compression },
  ]);
  return new parquet.ParquetSchema(Object.fromEntries(fields));
}

/**
 * Encodes rows as a Parquet file with column statistics, in memory.
 *
 * @throws LabError if a row does not match the columns
 */
export async function encodeParquet(
  columns: Columns,
  rows: readonly Row[],
  { compression = "SNAPPY", rowGroupRows = ROW_GROUP_ROWS }: ParquetOptions = {},
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const output = new Writable({
    write(piece: Buffer, _encoding, done) {
      pieces.push(piece);
      done();
    },
  });
  const names = Object.keys(columns);
  const timestamps = names.filter((name) => columns[name]!.type === "timestamp");
  try {
    const writer = await parquet.ParquetWriter.openStream(
      parquetSchema(columns, compression),
      output,
      { rowGroupSize: rowGroupRows },
    );
    for (const row of rows) {
      const record: Record<string, unknown> = { ...row };
      // As a Date, because the package rejects negative numbers, which are times before 1970.
      for (const name of timestamps) record[name] = new Date(row[name] as number);
      await writer.appendRow(record);
    }
    await writer.close();
  } catch (error) {
    throw new LabError(
      `cannot write Parquet with columns ${names.join(", ")}: ${errorMessage(error)}`,
    );
  }
  return Buffer.concat(pieces);
}

/** Decodes text unchanged: hyparquet's own decoder removes a leading U+FEFF. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const TEXT_PARSER = { stringFromBytes: (bytes?: Uint8Array) => bytes && decoder.decode(bytes) };

/**
 * Decodes the rows of a Parquet file written by `encodeParquet`, Spark or pyarrow.
 *
 * @throws LabError if the bytes are not a Parquet file
 */
export async function decodeParquet<R = Row>(content: Buffer): Promise<R[]> {
  const bytes = content.buffer.slice(
    content.byteOffset,
    content.byteOffset + content.byteLength,
  ) as ArrayBuffer;
  let rows: Record<string, unknown>[];
  try {
    rows = await parquetReadObjects({ file: bytes, compressors, parsers: TEXT_PARSER });
  } catch (error) {
    throw new LabError(`cannot read Parquet: ${errorMessage(error)}`);
  }
  return withPlainValues(rows) as R[];
}

/** Converts the values of hyparquet's rows to plain values, in place. */
export function withPlainValues(rows: Record<string, unknown>[]): Record<string, unknown>[] {
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) row[name] = plainValue(value);
  }
  return rows;
}

/** Converts a value of hyparquet: big integers to numbers, dates to milliseconds since the epoch, undefined to null. */
export function plainValue(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Date) return value.getTime();
  return value === undefined ? null : value;
}
