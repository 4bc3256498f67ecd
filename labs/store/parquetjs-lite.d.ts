// parquetjs-lite ships no types. These are the parts that labs/store/parquet.ts uses.
declare module "parquetjs-lite" {
  namespace parquet {
    class ParquetSchema {
      constructor(fields: Record<string, unknown>);
    }
    /** The values of a column that are not yet in a page, without nulls, and the levels of all of them (see the Dremel paper). */
    interface ColumnData {
      values: unknown[];
      rlevels: number[];
      dlevels: number[];
      distinct_values: Set<unknown>;
      count: number;
    }
    /** The rows of a row group by column: those in pages, and those not yet in a page. */
    interface RowBuffer {
      rowCount: number;
      pageRowCount: number;
      columnData: Record<string, ColumnData>;
      pages: Record<string, unknown[]>;
    }
    class ParquetWriter {
      /** Empty before the first row of a row group. */
      rowBuffer: RowBuffer | Record<string, never>;
      static openStream(
        schema: ParquetSchema,
        output: NodeJS.WritableStream,
        options?: { rowGroupSize?: number; pageSize?: number },
      ): Promise<ParquetWriter>;
      appendRow(row: Record<string, unknown>): Promise<void>;
      close(): Promise<void>;
    }
  }
  export default parquet;
}
