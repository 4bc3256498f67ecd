import {
  parquetMetadataAsync,
  parquetReadObjects,
  type AsyncBuffer,
  type FileMetaData,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { plainValue, withPlainValues } from "../../store/parquet.js";

// The metadata in the footer of a Parquet file, and the parts of the file that a reader can skip because of it (Parquet
// specification, "File format" and "Metadata").

/** The values of one column in one row group, stored contiguously. */
export interface ColumnChunk {
  column: string;
  rowGroup: number;
  /** Its position in the file, in bytes. */
  position: number;
  /** Its length in the file, in bytes, as stored. */
  bytes: number;
  codec: string;
  /** Its smallest and largest value; times are milliseconds since the epoch. Null if the file has no statistics. */
  min: unknown;
  max: unknown;
}

export interface Footer {
  rows: number;
  fileBytes: number;
  /** The length of the footer, in bytes. */
  footerBytes: number;
  /** The number of rows of each row group. */
  rowGroups: number[];
  chunks: ColumnChunk[];
  /** All metadata, as returned by hyparquet. */
  metadata: FileMetaData;
}

/** The last bytes of a file: the footer's length and the magic number `PAR1`. */
const TAIL_BYTES = 8;

/** A file that is read in pieces and records what was read. */
export interface CountedFile extends AsyncBuffer {
  readonly reads: { from: number; to: number }[];
  bytesRead(): number;
}

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

export const memoryFile = (content: Buffer): CountedFile =>
  countedFile(content.length, (from, to) => {
    const bytes = Uint8Array.from(content.subarray(from, to));
    return Promise.resolve(bytes.buffer);
  });

/** Reads the footer of a Parquet file: first its length, which is at the end of the file, then the footer. */
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

/** The row groups that may contain a value of a column from `from` to `to`, according to the footer's statistics. */
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

/** Reads some columns of some row groups of a Parquet file, and nothing else. */
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
