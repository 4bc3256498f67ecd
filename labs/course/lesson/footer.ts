import {
  parquetMetadataAsync,
  parquetReadObjects,
  type AsyncBuffer,
  type FileMetaData,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { plainValue, withPlainValues } from "../../store/parquet.js";

// What a Parquet file says of itself at its end, and what a reader can leave unread because of it (Parquet
// specification, "File format" and "Metadata").

/** A piece of one column: its values in one row group, together in the file. */
export interface ColumnChunk {
  column: string;
  rowGroup: number;
  /** Where it begins in the file, bytes. */
  position: number;
  /** Its length in the file, compressed where the file is. */
  bytes: number;
  codec: string;
  /** The least and the largest of its values; times are milliseconds since the epoch. Null where the file does not say. */
  min: unknown;
  max: unknown;
}

export interface Footer {
  rows: number;
  fileBytes: number;
  /** The length of the footer itself. */
  footerBytes: number;
  /** The rows of each row group. */
  rowGroups: number[];
  chunks: ColumnChunk[];
  /** All of it, as hyparquet has it. */
  metadata: FileMetaData;
}

/** The last bytes of a file: the footer's length, and the mark `PAR1`. */
const TAIL_BYTES = 8;

/** A file that can be read in pieces, and tells how much of it was. */
export interface CountedFile extends AsyncBuffer {
  readonly reads: { from: number; to: number }[];
  bytesRead(): number;
}

/** Counts what is read of a file. */
export function countedFile(byteLength: number, read: AsyncBuffer["slice"]): CountedFile {
  const reads: CountedFile["reads"] = [];
  return {
    byteLength,
    reads,
    bytesRead: () => reads.reduce((sum, { from, to }) => sum + to - from, 0),
    slice: (from, to = byteLength) => {
      reads.push({ from: from < 0 ? byteLength + from : from, to });
      return read(from, to);
    },
  };
}

/** A file in memory, counted. */
export const memoryFile = (content: Buffer): CountedFile =>
  countedFile(content.length, (from, to) => {
    const bytes = Uint8Array.from(content.subarray(from, to));
    return Promise.resolve(bytes.buffer);
  });

/** Reads the footer of a Parquet file: first its length at the very end, then itself. */
export async function readFooter(file: AsyncBuffer): Promise<Footer> {
  const metadata = await parquetMetadataAsync(file, { initialFetchSize: TAIL_BYTES });
  const chunks = metadata.row_groups.flatMap(({ columns }, rowGroup) =>
    columns.flatMap(({ meta_data: meta }): ColumnChunk[] => {
      if (meta === undefined) return [];
      const { min_value, max_value, min, max } = meta.statistics ?? {};
      return [
        {
          column: meta.path_in_schema.join("."),
          rowGroup,
          position: Number(meta.dictionary_page_offset ?? meta.data_page_offset),
          bytes: Number(meta.total_compressed_size),
          codec: meta.codec,
          min: plainValue(min_value ?? min),
          max: plainValue(max_value ?? max),
        },
      ];
    }),
  );
  return {
    rows: Number(metadata.num_rows),
    fileBytes: file.byteLength,
    footerBytes: metadata.metadata_length,
    rowGroups: metadata.row_groups.map(({ num_rows }) => Number(num_rows)),
    chunks,
    metadata,
  };
}

/** The row groups that may hold a value of a column from `from` to `to`, by the statistics in the footer. */
export function rowGroupsBetween(
  footer: Footer,
  column: string,
  from: number,
  to: number,
): number[] {
  return footer.chunks
    .filter((chunk) => chunk.column === column)
    .filter(({ min, max }) => !(Number(max) < from || Number(min) > to))
    .map(({ rowGroup }) => rowGroup);
}

/** Reads some columns of some row groups of a Parquet file, and of the rest not a byte. */
export async function readRowGroups<R = Record<string, unknown>>(
  file: AsyncBuffer,
  footer: Footer,
  rowGroups: readonly number[],
  columns: string[],
): Promise<R[]> {
  const rows: Record<string, unknown>[] = [];
  for (const group of rowGroups) {
    const rowStart = footer.rowGroups.slice(0, group).reduce((sum, each) => sum + each, 0);
    const rowEnd = rowStart + footer.rowGroups[group]!;
    const { metadata } = footer;
    const options = { file, metadata, columns, rowStart, rowEnd, compressors };
    for (const row of await parquetReadObjects(options)) rows.push(row);
  }
  return withPlainValues(rows) as R[];
}
