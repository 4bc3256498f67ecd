/// <reference path="./hyparquet-column.d.ts" />
import type { AsyncBuffer, FileMetaData } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";

// What a reader reads of a Parquet file, and the pages in its column chunks (Parquet specification, "File format").

/** A file that is read in pieces and records which bytes were read. */
export interface CountedFile extends AsyncBuffer {
  readonly reads: { from: number; to: number }[];
  bytesRead(): number;
}

export function countedFile(file: AsyncBuffer): CountedFile {
  const { byteLength } = file;
  const reads: CountedFile["reads"] = [];
  return {
    byteLength,
    reads,
    bytesRead: () => reads.reduce((sum, { from, to }) => sum + to - from, 0),
    slice: (start, end = byteLength) => {
      const from = start < 0 ? byteLength + start : start;
      reads.push({ from, to: end });
      return file.slice(from, end);
    },
  };
}

/** A page: a part of a column chunk that is encoded and compressed as a unit. */
export interface Page {
  column: string;
  kind: "dictionary" | "data";
  values: number;
  encoding: string;
  /** Its length in the file, compressed and without its header. */
  bytes: number;
}

/** The pages of a Parquet file, from their headers. */
export function pagesOf(content: ArrayBuffer, metadata: FileMetaData): Page[] {
  return metadata.row_groups.flatMap(({ columns }) =>
    columns.flatMap(({ meta_data: meta }) => {
      if (meta === undefined) return [];
      const pages: Page[] = [];
      const start = Number(meta.dictionary_page_offset ?? meta.data_page_offset);
      const end = start + Number(meta.total_compressed_size);
      const view = new DataView(content);
      const reader = { view, offset: start };
      while (reader.offset < end) {
        const header = parquetHeader(reader);
        const { dictionary_page_header: dictionary, compressed_page_size: bytes } = header;
        const { num_values, encoding } = (dictionary ??
          header.data_page_header ??
          header.data_page_header_v2)!;
        pages.push({
          column: meta.path_in_schema.join("."),
          kind: dictionary === undefined ? "data" : "dictionary",
          values: num_values,
          encoding,
          bytes,
        });
        reader.offset += bytes;
      }
      return pages;
    }),
  );
}
