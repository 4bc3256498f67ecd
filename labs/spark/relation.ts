// Relations in the form of the Spark Connect protocol; see connect.proto.

type ReadOptions = Record<string, string>;

type Expression =
  | { expressionString: { expression: string } }
  | { literal: { string: string } }
  | { unresolvedFunction: { functionName: string; arguments: Expression[] } }
  | { alias: { expr: Expression; name: string[] } };

/** A table that Spark has not yet computed: a logical plan. */
export type Relation =
  | { sql: { query: string } }
  | {
      read: {
        dataSource: { format: string; schema?: string; options?: ReadOptions; paths?: string[] };
        isStreaming?: boolean;
      };
    }
  | { project: { input: Relation; expressions: Expression[] } }
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

/** A column of Avro to decode. */
export interface AvroColumn {
  name: string;
  /** The SQL of the bytes. */
  value: string;
  /** The writer's schema and the reader's, in JSON. */
  schema: string;
  readerSchema: string;
}

const sqlExpression = (expression: string): Expression => ({ expressionString: { expression } });

/**
 * Adds columns decoded from Avro (`from_avro`; Spark's guide "Apache Avro Data Source"). The columns of a value that does not fit its
 * schema are null. In Spark 3.5 the function is not available in SQL.
 */
export const withAvro = (input: Relation, columns: readonly AvroColumn[]): Relation => ({
  project: {
    input,
    expressions: [
      sqlExpression("*"),
      ...columns.map(({ name, value, schema, readerSchema }): Expression => {
        const options = {
          mode: "PERMISSIVE",
          avroSchema: readerSchema,
          datetimeRebaseMode: "CORRECTED", // by default times before 1900 do not fit
        };
        const texts = Object.entries(options).flat();
        const map = {
          functionName: "map",
          arguments: texts.map((text): Expression => ({ literal: { string: text } })),
        };
        const decoded = {
          functionName: "from_avro",
          arguments: [
            sqlExpression(value),
            { literal: { string: schema } },
            { unresolvedFunction: map },
          ],
        };
        return { alias: { expr: { unresolvedFunction: decoded }, name: [name] } };
      }),
    ],
  },
});
