// Relations in the form of the Spark Connect protocol; see connect.proto.

type ReadOptions = Record<string, string>;

/** A table that Spark has not yet computed: a logical plan. */
export type Relation =
  | { sql: { query: string } }
  | {
      read: {
        dataSource: { format: string; schema?: string; options?: ReadOptions; paths?: string[] };
        isStreaming?: boolean;
      };
    }
  | { withWatermark: { input: Relation; eventTime: string; delayThreshold: string } };

/** A SQL query as a relation. It is streaming if it reads a stream. */
export const sqlRelation = (query: string): Relation => ({ sql: { query } });

/**
 * A batch read of what a source contains now. For the options, see the documentation of the format.
 */
export const readBatch = (format: string, options: ReadOptions): Relation => ({
  read: { dataSource: { format, options } },
});

/**
 * A streaming read. For the options, see Spark's Structured Streaming guide of the format.
 *
 * @param schema of files: `name type, …`
 * @param path of files: their folder, which must exist
 */
export const readStream = (
  format: string,
  options: ReadOptions,
  schema?: string,
  path?: string,
): Relation => ({
  read: {
    dataSource: { format, options, schema, paths: path === undefined ? [] : [path] },
    isStreaming: true,
  },
});

/** Adds a watermark on a column of event times. */
export const withWatermark = (input: Relation, eventTime: string, delayMs: number): Relation => ({
  withWatermark: { input, eventTime, delayThreshold: `${delayMs} milliseconds` },
});
