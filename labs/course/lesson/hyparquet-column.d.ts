// TypeScript 5.0, which compiles notebooks, does not find hyparquet's own types of this module.
declare module "hyparquet/src/column.js" {
  import type { DataReader, PageHeader } from "hyparquet";
  /** Reads a page header and moves the reader to the page's data. */
  export function parquetHeader(reader: DataReader): PageHeader;
}
