import {
  BLANK,
  LONE_SURROGATE,
  MAX_ASSET_LENGTH,
  MAX_LEAD_MS,
  MAX_MESSAGE_LENGTH,
  MAX_VALUE_BYTES,
  PRICE_LIMIT_USD,
  REASONS,
  REPLACEMENT_CHARACTER,
  SCHEMA_REASONS,
} from "../event.js";
import { TIME_LIMIT_MS } from "../schema/formats.js";
import { addHeader } from "../schema/wire-format.js";
import { PRODUCTS, WINDOW_COLUMNS, type LatestRow } from "../store/products.js";
import type { WindowSpec } from "../stream/window.js";
import { errorMessage } from "../shared/errors.js";
import { ISO_TIME } from "../shared/time.js";
import type { KafkaAddress } from "../shared/kafka-address.js";
import { settled } from "../shared/wait.js";
import type { SparkSession } from "./client.js";
import { connectionOptions } from "./kafka-options.js";
import {
  readBatch,
  readStream,
  sqlRelation,
  withAvro,
  withWatermark,
  type Relation,
} from "./relation.js";
import type { AvroSchemas, TopicSchemas } from "./schemas.js";
import { STOP_TIMEOUT_MS, type StreamingQuery } from "./streaming-query.js";

/** The pipeline's query, for Spark. Spark must reach Kafka at the same address. */
export interface SparkJob extends KafkaAddress {
  topic: string;
  /** The root of the products and checkpoints, as a URL that Spark can write to: `hdfs://…` or `file:///…`. */
  root: string;
  windows: WindowSpec;
  /** The watermark's delay. */
  delayMs: number;
  /** Percent. */
  changeThreshold: number;
  /** The maximum number of records per micro-batch: `maxOffsetsPerTrigger`. */
  batchSize: number;
  /** Run a micro-batch this often until stopped. If undefined: process the current contents of the topic, then end. */
  everyMs?: number;
  /** The schemas of the topic's records; undefined if there is no registry: records with a schema id are then rejected. */
  schemas?: TopicSchemas;
  /** Whether an older version of the lab began the output. Its queries go on, because a checkpoint belongs to exact queries. */
  isOlder?: boolean;
}

/** The products written by streaming queries over the topic; `latest/` is a batch query. */
const TOPIC_STREAMS = ["windows", "prices", "rejected"] as const;
/** The products written in append mode. The stream of `changes/` reads the files of `windows/`. */
export type StreamName = (typeof TOPIC_STREAMS)[number] | "changes";

/** How many batches of the other queries one batch of `rejected/` may read: few records are rejected, and each batch costs. */
const REJECTED_BATCHES = 20;

/**
 * A batch of at most this many records costs less if Spark interprets its expressions, in one partition, than if each task
 * generates Java code for them. Spark stores the number of partitions in a checkpoint, and so does a run its batch limit.
 */
const SMALL_BATCH = 2_000;
const SMALL_BATCH_SETTINGS = {
  "spark.sql.shuffle.partitions": "1",
  "spark.sql.codegen.wholeStage": "false",
  "spark.sql.codegen.factoryMode": "NO_CODEGEN",
  // Its interpreter caches each common part of an expression, which costs more than to compute it again.
  "spark.sql.subexpressionElimination.enabled": "false",
};

/** With this message a query fails at a record whose schema id was not in the topic when the query was started. */
const NEW_SCHEMA = "a record has a schema id that was not in the topic when the query started";
/** Whether an error says that the query must be started again with more schemas. */
export const isNewSchema = (error: unknown): boolean => errorMessage(error).includes(NEW_SCHEMA);

/** How many batches may end between two looks at a query's progress: Spark keeps so many in memory. */
const RECENT_BATCHES = 300;

/** The running streaming queries of a job. */
export type SparkStreams = Partial<Record<StreamName, StreamingQuery>>;

/** A string literal of Spark's SQL. */
const literal = (text: string) => `'${text.replace(/[\\']/g, "\\$&")}'`;
/** An SQL condition: a column matches a regular expression. Java's syntax agrees with JavaScript's here, except for `$`. */
const matches = (column: string, { source }: RegExp) =>
  `${column} RLIKE ${literal(source.replace(/\$$/, "\\z"))}`;
const replaceAll = (column: string, { source }: RegExp, by: string) =>
  `regexp_replace(${column}, ${literal(source)}, ${literal(by)})`;

/** Makes Spark's JSON reader as strict as `JSON.parse`. The limits exceed anything that a message may contain. */
const JSON_OPTIONS = `map(
  'allowSingleQuotes', 'false', 'allowNonNumericNumbers', 'false', 'columnNameOfCorruptRecord', 'lab_corrupt',
  'maxNestingDepth', '${2 * MAX_MESSAGE_LENGTH}', 'maxNumLen', '${2 * MAX_MESSAGE_LENGTH}')`;
const fromJson = (text: string, schema: string) =>
  `from_json(${text}, '${schema}', ${JSON_OPTIONS})`;

/** Matches a simple JSON object, in which Spark's reader detects every mistake: it ends at its only `}` and has no escapes. */
const PLAIN_OBJECT = /^[ \t\r\n]*\{[^}\\]*\}[ \t\r\n]*$/;
/** Matches the text of a JSON value that may not have been a string. */
const MAYBE_NOT_STRING = /^(?:true|false|[-"{0-9]|\[)/;
/** Matches the beginning of a JSON object. */
const OBJECT = /^[ \t\r\n]*\{/;

/**
 * Marks the strings in a JSON text written by Spark (which has no white space between its parts): a value `"x"` becomes
 * `["x"]`. First masks everything that could be mistaken for the end of a string.
 */
function markStrings(json: string): string {
  const masked = replaceAll(json, /\\.|[<>]/, "__");
  const bracketed = replaceAll(masked, /"([^"]*)"/, "<$1>");
  const marked = replaceAll(bracketed, /<([^>]*)>(?!:)/, '["$1"]');
  return replaceAll(marked, /<([^>]*)>/, '"$1"');
}

/** An SQL condition: a field is a string, judging by its text and by the field in the marked JSON. */
const isString = (text: string, marked: string) =>
  // Spark writes numbers beyond the range of a double as strings, with the quotes as part of the text.
  `(${marked} LIKE '["%' AND NOT (${text} LIKE '"%' AND ${marked} IN ('["Infinity"]', '["-Infinity"]')))`;

const columnsOf = (asset: string, price: string, time: string, reason: string) =>
  `named_struct('asset', ${asset}, 'price_usd', ${price}, 'event_time', ${time}, 'reason', ${reason})`;

/** Names a value within an SQL expression, so that Spark computes it once per record, wherever the expression uses it. */
const withValue = (name: string, value: string, expression: string) =>
  `transform(array(${value}), ${name} -> ${expression})[0]`;

// The rules about an asset, a price and a time, as branches of a CASE expression: those of labs/event.ts.
const assetRules = (asset: string) => `
  WHEN ${matches(asset, BLANK)} THEN ${literal(REASONS.assetEmpty)}
  WHEN length(${asset}) > ${MAX_ASSET_LENGTH} THEN ${literal(REASONS.assetTooLong)}`;
const priceRules = (price: string) => `
  WHEN NOT ${price} > 0 OR isnan(${price}) THEN ${literal(REASONS.priceTooLow)}
  WHEN NOT ${price} < ${PRICE_LIMIT_USD} THEN ${literal(REASONS.priceTooHigh)}`;
const timeRules = (time: string) => `
  WHEN unix_millis(${time}) < 0 THEN ${literal(REASONS.timeTooEarly)}
  WHEN unix_millis(${time}) - unix_millis(timestamp) > ${MAX_LEAD_MS} THEN ${literal(REASONS.timeTooLate)}`;

/** The reason for rejecting a record of text, or null. In the order of `parseEvent`. */
const REASON = `CASE
  WHEN contains(text, '${REPLACEMENT_CHARACTER}') THEN ${literal(REASONS.notUnicode)}
  WHEN contains(text, ${literal("\\u")}) AND ${matches(`replace(text, ${literal("\\\\")}, '__')`, LONE_SURROGATE)}
    THEN ${literal(REASONS.notUnicode)}
  WHEN length(text) > ${MAX_MESSAGE_LENGTH} THEN ${literal(REASONS.tooLong)}
  WHEN needs_care AND NOT coalesce(size(parts) = 2 AND parts[1] = md5(text), false) THEN ${literal(REASONS.notJson)}
  WHEN NOT ${matches("text", OBJECT)} THEN ${literal(REASONS.notObject)}
  WHEN parsed.asset IS NULL THEN ${literal(REASONS.assetMissing)}
  WHEN needs_care AND NOT ${isString("parsed.asset", "marked.asset")} THEN ${literal(REASONS.assetNotString)}
  ${assetRules("parsed.asset")}
  WHEN price IS NULL AND (parsed.lab_corrupt IS NULL OR price_text IS NULL) THEN ${literal(REASONS.priceMissing)}
  WHEN price IS NULL THEN ${literal(REASONS.priceNotNumber)}
  ${priceRules("price")}
  WHEN parsed.event_time IS NULL THEN ${literal(REASONS.timeMissing)}
  WHEN time IS NULL THEN ${literal(REASONS.timeInvalid)}
  WHEN parsed.arrival_time IS NOT NULL
    AND NOT (${matches("parsed.arrival_time", ISO_TIME)} AND try_cast(parsed.arrival_time AS timestamp) IS NOT NULL)
    THEN ${literal(REASONS.arrivalInvalid)}
  ${timeRules("time")}
END`;

/** The values that parsing a record takes, in order: each may use those before it. */
const VALUES: readonly (readonly [name: string, value: string])[] = [
  [
    "parsed",
    fromJson(
      "text",
      "asset string, price_usd double, event_time string, arrival_time string, lab_corrupt string",
    ),
  ],
  [
    "needs_care",
    `parsed.lab_corrupt IS NOT NULL OR NOT ${matches("text", PLAIN_OBJECT)}
      OR coalesce(${matches("parsed.asset", MAYBE_NOT_STRING)}, false)`,
  ],
  // Wrapped in an array and followed by its MD5, so that a second value after the first is detected.
  [
    "parts",
    `CASE WHEN needs_care AND length(text) <= ${MAX_MESSAGE_LENGTH}
      THEN ${fromJson(`concat('[', text, ',"', md5(text), '"]')`, "array<string>")} END`,
  ],
  ["price_text", `CASE WHEN needs_care THEN ${fromJson("text", "price_usd string")}.price_usd END`],
  [
    "marked",
    `CASE WHEN needs_care THEN ${fromJson(markStrings("parts[0]"), "asset string, price_usd string")} END`,
  ],
  [
    "price",
    `CASE WHEN parsed.lab_corrupt IS NULL THEN parsed.price_usd
      WHEN ${matches("price_text", /^[-"0-9]/)} AND NOT ${isString("price_text", "marked.price_usd")}
      THEN try_cast(replace(price_text, '"', '') AS double) END`,
  ],
  [
    "time",
    `CASE WHEN ${matches("parsed.event_time", ISO_TIME)}
      THEN date_trunc('MILLISECOND', try_cast(parsed.event_time AS timestamp)) END`,
  ],
];

/**
 * The columns of a record of text, parsed as strictly as `parseEvent` does.
 *
 * Spark's JSON reader hides four kinds of mistakes. It converts any value to a string if the schema asks for a string; it
 * ignores what follows the first value; it keeps an earlier field of the same name if the last one has the wrong type; and it
 * reports an invalid field as invalid JSON. So each record is first parsed the simple way. The few records where that may hide
 * a mistake (malformed ones, and those with escapes or nested values) are parsed again more carefully.
 */
const TEXT_COLUMNS = VALUES.reduceRight(
  (columns, [name, value]) => withValue(name, value, columns),
  columnsOf("parsed.asset", "price", "time", REASON),
);

/** The columns of a record that was decoded from Avro, by the rules of `checkEvent`. */
const AVRO_COLUMNS = withValue(
  "name", // Spark takes the bytes of a string as they are
  "decode(CAST(avro.asset AS binary), 'UTF-8')",
  columnsOf(
    "name",
    "avro.price_usd",
    "avro.event_time",
    `CASE
      WHEN abs(unix_millis(avro.event_time)) >= ${TIME_LIMIT_MS} THEN ${literal(SCHEMA_REASONS.bytesDoNotFit)}
      WHEN contains(name, '${REPLACEMENT_CHARACTER}') THEN ${literal(REASONS.notUnicode)}
      ${assetRules("name")} ${priceRules("avro.price_usd")} ${timeRules("avro.event_time")}
    END`,
  ),
);

/** The columns of a record. `problem` says why it cannot be decoded; `avro` is null unless it was decoded from Avro. */
const COLUMNS = `CASE
  WHEN problem IS NOT NULL
    THEN ${columnsOf("CAST(NULL AS string)", "CAST(NULL AS double)", "CAST(NULL AS timestamp)", "problem")}
  WHEN avro.asset IS NOT NULL THEN ${AVRO_COLUMNS}
  ELSE ${TEXT_COLUMNS}
END`;

/**
 * The parsed records. All parsing is in one generator, for two reasons. Spark would move a condition on the reason in front of
 * a projection, and then parse twice. And it interprets a generator: a projection as large as this one becomes Java code, which
 * each task of each batch would generate again, at a multiple of the cost of parsing a small batch.
 */
const recordsQuery = (input: string, schemas: TopicSchemas | undefined) => `SELECT * FROM (
    SELECT topic, partition, offset, timestamp, value AS bytes, ${valueColumns(schemas)} FROM ${input}
  ) LATERAL VIEW OUTER inline(array(${COLUMNS})) AS asset, price_usd, event_time, reason`;

const AVRO_TYPE = "struct<asset: string, price_usd: double, event_time: timestamp>";
const HEADER = "substring(value, 1, 5)";
const headerLiteral = (schemaId: number) =>
  `X'${addHeader(schemaId, Buffer.alloc(0)).toString("hex")}'`;
/** The three fields of a price event in a decoded column, which may have more. */
const priceFields = (column: string) =>
  `if(${column} IS NULL, NULL, named_struct('asset', ${column}.asset, 'price_usd', ${column}.price_usd, 'event_time', ${column}.event_time))`;
const avroColumn = (schemaId: number) => `avro_${schemaId}`;
/** An SQL condition: a record has one of these schema ids. */
const hasSchema = (schemaIds: readonly number[]) =>
  schemaIds.length === 0 ? "false" : `${HEADER} IN (${schemaIds.map(headerLiteral).join(", ")})`;

/**
 * The columns `text`, `avro` and `problem` of a record: its value as text, its value decoded from Avro, and why it can be neither.
 * A record has a schema id if its first byte is 0.
 */
function valueColumns(schemas: TopicSchemas | undefined): string {
  const {
    avro = new Map<number, AvroSchemas>(),
    text = [],
    unreadable = [],
    ends = [],
  } = schemas ?? {};
  const avroIds = [...avro.keys()];
  const branches = avroIds.map(
    (id) => `WHEN ${hasSchema([id])} THEN ${priceFields(avroColumn(id))}`,
  );
  const decoded = branches.length === 0 ? "NULL" : `CASE ${branches.join(" ")} END`;
  const problem =
    schemas === undefined
      ? literal(SCHEMA_REASONS.needsRegistry)
      : `CASE
          WHEN length(value) > ${MAX_VALUE_BYTES} THEN ${literal(SCHEMA_REASONS.valueTooLong)}
          WHEN length(value) < 5 THEN ${literal(SCHEMA_REASONS.headerTruncated)}
          WHEN ${hasSchema(avroIds)} THEN if((${decoded}).asset IS NULL, ${literal(SCHEMA_REASONS.bytesDoNotFit)}, NULL)
          WHEN ${hasSchema(text)} THEN NULL
          WHEN ${hasSchema(unreadable)} THEN ${literal(SCHEMA_REASONS.schemaUnreadable)}
          WHEN offset < coalesce(array(${ends.map((end) => `${end}L`).join(", ")})[partition], 0L)
            THEN ${literal(SCHEMA_REASONS.schemaUnknown)}
          ELSE raise_error(${literal(NEW_SCHEMA)})
        END`;
  return `CAST(${decoded} AS ${AVRO_TYPE}) AS avro,
    CASE WHEN substring(value, 1, 1) = X'00' THEN ${problem} END AS problem,
    coalesce(decode(if(${hasSchema(text)}, substring(value, 6), value), 'UTF-8'), '') AS text`;
}

/**
 * The value as text, decoded as Node does it. For a surrogate encoded in UTF-8 (ED A0 80), Java returns one U+FFFD, but Node
 * returns one per byte, as for any other invalid byte (FF).
 */
const RAW = `CASE WHEN substring(bytes, 1, 1) = X'00' THEN concat('0x', lower(hex(bytes)))
  WHEN contains(text, '${REPLACEMENT_CHARACTER}')
  THEN decode(encode(${replaceAll("decode(bytes, 'ISO-8859-1')", /\xed(?=[\xa0-\xbf])/, "\xff")}, 'ISO-8859-1'), 'UTF-8')
  ELSE text END`;

/**
 * The place of an event in the order by (event time, offset), as one number: a struct has no room in the buffer of Spark's faster
 * aggregation, by hash. An offset has at most 19 digits.
 */
const PLACE = `(CAST(unix_millis(event_time) AS DECIMAL(15, 0)) * CAST('1e19' AS DECIMAL(20, 0))
  + CAST(offset AS DECIMAL(19, 0)))`;
const PLACE_COLUMN = "place";
const OLDER_PLACE = "struct(event_time, offset)";

/** The query of `windows/`; first and last are by (event time, offset). */
const windowQuery = (
  { windows, isOlder }: SparkJob,
  order = isOlder ? OLDER_PLACE : PLACE_COLUMN,
) => `
  SELECT asset, window_start, window_end, count, avg_price, stddev_price, min_price, max_price, first_price, last_price,
    (last_price - first_price) / first_price * 100 AS pct_change
  FROM (
    SELECT asset, window.start AS window_start, window.end AS window_end,
      count(*) AS count,
      avg(price_usd) AS avg_price,
      stddev_samp(price_usd) AS stddev_price,
      min(price_usd) AS min_price,
      max(price_usd) AS max_price,
      min_by(price_usd, ${order}) AS first_price,
      max_by(price_usd, ${order}) AS last_price
    FROM lab_events
    GROUP BY asset, window(event_time, '${windows.windowMs} milliseconds', '${windows.slideMs} milliseconds')
  )`;

/** Spark's types of the columns of a product. */
const SPARK_TYPES = {
  string: "string",
  integer: "bigint",
  double: "double",
  timestamp: "timestamp",
};
const WINDOW_SCHEMA = Object.entries(WINDOW_COLUMNS)
  .map(([name, { type }]) => `${name} ${SPARK_TYPES[type]}`)
  .join(", ");

/**
 * Whether `changes/` is computed from the files of `windows/`, which costs less than a second aggregation of the topic. Spark
 * would read a path with one of these characters as a pattern, and then by listing the folder instead of by the sink's log.
 */
export const readsFiles = ({ isOlder, root }: SparkJob) =>
  isOlder !== true && !/[{}[\]*?\\]/.test(root);

const kafkaOptions = ({ topic, ...address }: SparkJob) => ({
  ...connectionOptions(address),
  subscribe: topic,
  startingOffsets: "earliest",
  // By default Spark also reads records of aborted transactions.
  "kafka.isolation.level": "read_committed",
});

/** The topic as it is now, from its beginning or from given offsets. */
export function topicRelation(job: SparkJob, from?: readonly number[]): Relation {
  const options = kafkaOptions(job);
  if (from === undefined) return readBatch("kafka", options);
  const startingOffsets = JSON.stringify({ [job.topic]: { ...from } });
  return readBatch("kafka", { ...options, startingOffsets });
}

/** Creates a view of parsed Kafka records, each with the reason for rejecting it, or null. */
async function createRecords(
  session: SparkSession,
  { schemas }: SparkJob,
  kafka: Relation,
  name: string,
): Promise<void> {
  const input = `${name}_input`;
  const avro = [...(schemas?.avro ?? [])].map(([id, { writer, reader }]) => ({
    name: avroColumn(id),
    value: `CASE WHEN ${hasSchema([id])} AND length(value) <= ${MAX_VALUE_BYTES} THEN substring(value, 6) END`,
    schema: writer,
    readerSchema: reader,
  }));
  await session.createView(input, avro.length === 0 ? kafka : withAvro(kafka, avro));
  await session.createView(name, sqlRelation(recordsQuery(input, schemas)));
}

/** Creates the view that the stream of a product reads. */
async function createInput(session: SparkSession, job: SparkJob, name: StreamName): Promise<void> {
  if (name === "changes" && readsFiles(job)) {
    const files = readStream("parquet", {}, WINDOW_SCHEMA, `${job.root}/windows`);
    return session.createView("lab_windows", files);
  }
  const batchSize = job.batchSize * (name === "rejected" ? REJECTED_BATCHES : 1);
  const kafka = readStream("kafka", {
    ...kafkaOptions(job),
    maxOffsetsPerTrigger: String(batchSize),
  });
  await createRecords(session, job, kafka, "lab_records");
  if (name === "rejected" || name === "prices") return;
  const events = sqlRelation(
    `SELECT asset, price_usd, event_time, offset, ${PLACE} AS ${PLACE_COLUMN} FROM lab_records WHERE reason IS NULL`,
  );
  await session.createView("lab_events", withWatermark(events, "event_time", job.delayMs));
}

function queryOf(job: SparkJob, name: StreamName): string {
  if (name === "windows") return windowQuery(job);
  if (name === "prices") {
    return "SELECT asset, price_usd, event_time FROM lab_records WHERE reason IS NULL";
  }
  if (name === "rejected") {
    return `SELECT topic, partition, offset, reason, ${RAW} AS raw FROM lab_records WHERE reason IS NOT NULL`;
  }
  const windows = readsFiles(job) ? "lab_windows" : `(${windowQuery(job)})`;
  return `SELECT * FROM ${windows} WHERE abs(pct_change) >= ${job.changeThreshold}`;
}

/** Starts streams with the settings of the session that suit the job. Each stream keeps those that it was started with. */
async function withSettings(
  session: SparkSession,
  { batchSize }: SparkJob,
  start: () => Promise<void>,
): Promise<void> {
  if (batchSize > SMALL_BATCH) return start();
  const settings = Object.entries(SMALL_BATCH_SETTINGS);
  for (const [name, value] of settings) await session.sql(`SET ${name}=${value}`);
  await start();
  // After an error they stay: it ends the run.
  for (const [name] of settings) await session.sql(`RESET ${name}`);
}

async function startStream(
  session: SparkSession,
  job: SparkJob,
  name: StreamName,
): Promise<StreamingQuery> {
  await createInput(session, job, name);
  return session.writeStream(sqlRelation(queryOf(job, name)), {
    name: `${name} of ${job.topic}`,
    path: `${job.root}/${name}`,
    checkpoint: `${job.root}/checkpoint/${name}`,
    format: "columns" in PRODUCTS[name] ? "parquet" : "json",
    everyMs: job.everyMs,
  });
}

/**
 * Starts the streaming queries of a job, or continues them from their checkpoints in `root`/checkpoint.
 *
 * Spark's file sink supports only append mode, and this client has no `foreachBatch`. Each product is therefore a separate
 * query. Those of `windows/` and `prices/` read the topic with the same batch limit, so that they agree batch by batch. That
 * of `changes/` reads the files that the sink of `windows/` has committed: it starts after that one, and follows it.
 *
 * @param names by default all, except `changes/` if the job ends by itself: `finishSparkJob` then computes it
 * @throws LabError with Spark's message if one of them cannot start; the others are stopped
 */
export async function startSparkJob(
  session: SparkSession,
  job: SparkJob,
  names: readonly StreamName[] = job.everyMs === undefined && readsFiles(job)
    ? TOPIC_STREAMS
    : [...TOPIC_STREAMS, "changes"],
): Promise<SparkStreams> {
  await session.sql("SET spark.sql.session.timeZone=UTC");
  await session.sql("SET spark.sql.parquet.outputTimestampType=TIMESTAMP_MILLIS");
  await session.sql(`SET spark.sql.streaming.numRecentProgressUpdates=${RECENT_BATCHES}`);
  const streams: SparkStreams = {};
  try {
    await withSettings(session, job, async () => {
      for (const name of names) streams[name] = await startStream(session, job, name);
    });
  } catch (error) {
    const started = Object.values(streams);
    await settled(
      started.map((query) => query.stop()),
      STOP_TIMEOUT_MS,
    );
    throw error;
  }
  return streams;
}

/** Computes `changes/` from the files of `windows/`, unless one of the job's streams, which have ended, has done it. */
export async function finishSparkJob(
  session: SparkSession,
  job: SparkJob,
  streams: SparkStreams,
): Promise<void> {
  if (streams.changes !== undefined) return;
  const changes = await startStream(session, { ...job, everyMs: undefined }, "changes");
  await changes.awaitTermination();
}

/** The latest price of each asset by (event time, offset), from a batch query over the whole topic. */
export async function latestBySpark(session: SparkSession, job: SparkJob): Promise<LatestRow[]> {
  await createRecords(session, job, topicRelation(job), "lab_all_records");
  const rows = await session.sql<Omit<LatestRow, "asset"> & { asset: Uint8Array }>(`
    SELECT encode(asset, 'UTF-8') AS asset, max_by(price_usd, struct(event_time, offset)) AS price_usd,
      max(event_time) AS event_time
    FROM lab_all_records WHERE reason IS NULL GROUP BY asset ORDER BY asset`);
  // Names are sent as bytes: apache-arrow removes a leading U+FEFF from strings.
  return rows.map((row) => ({ ...row, asset: Buffer.from(row.asset).toString() }));
}
