// parquetjs-lite ships no types. These are the parts that labs/store/parquet.ts uses.
declare module "parquetjs-lite" {
  namespace parquet {
    class ParquetSchema {
      constructor(fields: Record<string, unknown>);
    }
    class ParquetWriter {
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
