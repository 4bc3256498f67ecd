// parquetjs-lite ships no types: what labs/store/parquet.ts uses of it.
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
