// Plans, as the Spark Connect protocol has them: see connect.proto.

type ReadOptions = Record<string, string>;

/** A table that Spark has not yet computed: a plan, as the protocol has it. */
export type Relation =
  | { sql: { query: string } }
  | {
      read: {
        dataSource: { format: string; schema?: string; options?: ReadOptions; paths?: string[] };
        isStreaming?: boolean;
      };
    }
  | { withWatermark: { input: Relation; eventTime: string; delayThreshold: string } };

/** A query in Spark's SQL as a relation, streaming if what it reads is. */
export const sqlRelation = (query: string): Relation => ({ sql: { query } });

/** A streaming read. ReadOptions as in the Structured Streaming guide of the format. */
export const readStream = (format: string, options: ReadOptions): Relation => ({
  read: { dataSource: { format, options }, isStreaming: true },
});

/** A watermark on a column of event times. */
export const withWatermark = (input: Relation, eventTime: string, delayMs: number): Relation => ({
  withWatermark: { input, eventTime, delayThreshold: `${delayMs} milliseconds` },
});
