import {
  BLANK,
  LONE_SURROGATE,
  MAX_ASSET_LENGTH,
  MAX_LEAD_MS,
  MAX_MESSAGE_LENGTH,
  PRICE_LIMIT_USD,
  REASONS,
  REPLACEMENT_CHARACTER,
} from "../event.js";
import { PRODUCTS, type LatestRow } from "../store/products.js";
import type { WindowSpec } from "../stream/window.js";
import { ISO_TIME } from "../shared/time.js";
import { settled } from "../shared/wait.js";
import type { SparkSession } from "./client.js";
import { readStream, sqlRelation, withWatermark, type Relation } from "./relation.js";
import { STOP_TIMEOUT_MS, type StreamingQuery } from "./streaming-query.js";

/** The pipeline's query, for Spark. */
export interface SparkJob {
  /** `host:port` of Kafka's brokers, as reachable from Spark. */
  brokers: readonly string[];
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
}

/** The products written in append mode, each by its own streaming query; `latest/` is a batch query. */
const STREAMS = ["windows", "changes", "prices", "rejected"] as const;
export type StreamName = (typeof STREAMS)[number];

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

/**
 * Parses a record as strictly as `parseEvent` does, in steps that each add columns to those of the previous step.
 *
 * Spark's JSON reader hides four kinds of mistakes. It converts any value to a string if the schema asks for a string; it
 * ignores what follows the first value; it keeps an earlier field of the same name if the last one has the wrong type; and it
 * reports an invalid field as invalid JSON. So each record is first parsed the simple way. The few records where that may hide
 * a mistake (malformed ones, and those with escapes or nested values) are parsed again more carefully.
 */
const STEPS = [
  `SELECT topic, partition, offset, timestamp, value AS bytes, coalesce(decode(value, 'UTF-8'), '') AS text FROM lab_input`,

  // A generator, because Spark would otherwise repeat the parsing for each column and each filter.
  `SELECT * FROM lab_input LATERAL VIEW OUTER inline(array(${fromJson(
    "text",
    "asset string, price_usd double, event_time string, arrival_time string, lab_corrupt string",
  )})) AS asset, typed_price, time_text, arrival_text, lab_corrupt`,

  `SELECT *, lab_corrupt IS NOT NULL OR NOT ${matches("text", PLAIN_OBJECT)}
    OR coalesce(${matches("asset", MAYBE_NOT_STRING)}, false) AS needs_care FROM lab_input`,

  // Wrapped in an array and followed by its MD5, so that a second value after the first is detected.
  `SELECT *, CASE WHEN needs_care AND length(text) <= ${MAX_MESSAGE_LENGTH}
    THEN ${fromJson(`concat('[', text, ',"', md5(text), '"]')`, "array<string>")} END AS parts FROM lab_input`,

  `SELECT *, NOT needs_care OR coalesce(size(parts) = 2 AND parts[1] = md5(text), false) AS is_json,
    CASE WHEN needs_care THEN ${fromJson("text", "price_usd string")}.price_usd END AS price_text,
    CASE WHEN needs_care THEN ${fromJson(markStrings("parts[0]"), "asset string, price_usd string")} END AS marked
    FROM lab_input`,

  `SELECT *,
    NOT needs_care OR ${isString("asset", "marked.asset")} AS asset_is_string,
    CASE WHEN lab_corrupt IS NULL THEN typed_price
      WHEN ${matches("price_text", /^[-"0-9]/)} AND NOT ${isString("price_text", "marked.price_usd")}
      THEN try_cast(replace(price_text, '"', '') AS double) END AS price_usd,
    CASE WHEN ${matches("time_text", ISO_TIME)}
      THEN date_trunc('MILLISECOND', try_cast(time_text AS timestamp)) END AS event_time
    FROM lab_input`,

  // In the order of `parseEvent`.
  `SELECT *, CASE
    WHEN contains(text, '${REPLACEMENT_CHARACTER}') THEN ${literal(REASONS.notUnicode)}
    WHEN contains(text, ${literal("\\u")}) AND ${matches(`replace(text, ${literal("\\\\")}, '__')`, LONE_SURROGATE)}
      THEN ${literal(REASONS.notUnicode)}
    WHEN length(text) > ${MAX_MESSAGE_LENGTH} THEN ${literal(REASONS.tooLong)}
    WHEN NOT is_json THEN ${literal(REASONS.notJson)}
    WHEN NOT ${matches("text", OBJECT)} THEN ${literal(REASONS.notObject)}
    WHEN asset IS NULL THEN ${literal(REASONS.assetMissing)}
    WHEN NOT asset_is_string THEN ${literal(REASONS.assetNotString)}
    WHEN ${matches("asset", BLANK)} THEN ${literal(REASONS.assetEmpty)}
    WHEN length(asset) > ${MAX_ASSET_LENGTH} THEN ${literal(REASONS.assetTooLong)}
    WHEN price_usd IS NULL AND (lab_corrupt IS NULL OR price_text IS NULL) THEN ${literal(REASONS.priceMissing)}
    WHEN price_usd IS NULL THEN ${literal(REASONS.priceNotNumber)}
    WHEN NOT price_usd > 0 THEN ${literal(REASONS.priceTooLow)}
    WHEN NOT price_usd < ${PRICE_LIMIT_USD} THEN ${literal(REASONS.priceTooHigh)}
    WHEN time_text IS NULL THEN ${literal(REASONS.timeMissing)}
    WHEN event_time IS NULL THEN ${literal(REASONS.timeInvalid)}
    WHEN arrival_text IS NOT NULL
      AND NOT (${matches("arrival_text", ISO_TIME)} AND try_cast(arrival_text AS timestamp) IS NOT NULL)
      THEN ${literal(REASONS.arrivalInvalid)}
    WHEN unix_millis(event_time) < 0 THEN ${literal(REASONS.timeTooEarly)}
    WHEN unix_millis(event_time) - unix_millis(timestamp) > ${MAX_LEAD_MS} THEN ${literal(REASONS.timeTooLate)}
  END AS reason FROM lab_input`,
];

/**
 * The value as text, decoded as Node does it. For a surrogate encoded in UTF-8 (ED A0 80), Java returns one U+FFFD, but Node
 * returns one per byte, as for any other invalid byte (FF).
 */
const RAW = `CASE WHEN contains(text, '${REPLACEMENT_CHARACTER}')
  THEN decode(encode(${replaceAll("decode(bytes, 'ISO-8859-1')", /\xed(?=[\xa0-\xbf])/, "\xff")}, 'ISO-8859-1'), 'UTF-8')
  ELSE text END`;

/** The query of `windows/` and `changes/`; first and last are by (event time, offset). */
const windowQuery = ({ windows, changeThreshold }: SparkJob, changesOnly: boolean) => `
  SELECT asset, window_start, window_end, count, avg_price, stddev_price, min_price, max_price, first_price, last_price,
    (last_price - first_price) / first_price * 100 AS pct_change
  FROM (
    SELECT asset, window.start AS window_start, window.end AS window_end,
      count(*) AS count,
      avg(price_usd) AS avg_price,
      stddev_samp(price_usd) AS stddev_price,
      min(price_usd) AS min_price,
      max(price_usd) AS max_price,
      min_by(price_usd, struct(event_time, offset)) AS first_price,
      max_by(price_usd, struct(event_time, offset)) AS last_price
    FROM lab_events
    GROUP BY asset, window(event_time, '${windows.windowMs} milliseconds', '${windows.slideMs} milliseconds')
  )
  ${changesOnly ? `WHERE abs((last_price - first_price) / first_price * 100) >= ${changeThreshold}` : ""}`;

const kafkaOptions = ({ brokers, topic }: SparkJob) => ({
  "kafka.bootstrap.servers": brokers.join(","),
  subscribe: topic,
  startingOffsets: "earliest",
  // By default Spark also reads records of aborted transactions.
  "kafka.isolation.level": "read_committed",
});

/** Creates a view of parsed Kafka records, each with the reason for rejecting it, or null. */
async function createRecords(session: SparkSession, kafka: Relation, name: string): Promise<void> {
  let input = `${name}_0`;
  await session.createView(input, kafka);
  for (const [index, step] of STEPS.entries()) {
    const view = index === STEPS.length - 1 ? name : `${name}_${index + 1}`;
    await session.createView(view, sqlRelation(step.replaceAll("lab_input", input)));
    input = view;
  }
}

/**
 * Starts the streaming queries of a job, or continues them from their checkpoints in `root`/checkpoint.
 *
 * Spark's file sink supports only append mode, and this client has no `foreachBatch`. Each product is therefore a separate
 * query over the same topic with the same batch limit, so that the products agree batch by batch.
 *
 * @throws LabError with Spark's message if one of them cannot start; the others are stopped
 */
export async function startSparkJob(
  session: SparkSession,
  job: SparkJob,
  names: readonly StreamName[] = STREAMS,
): Promise<SparkStreams> {
  const { root, everyMs } = job;
  await session.sql("SET spark.sql.session.timeZone=UTC");
  await session.sql("SET spark.sql.parquet.outputTimestampType=TIMESTAMP_MILLIS");
  await session.sql(`SET spark.sql.streaming.numRecentProgressUpdates=${RECENT_BATCHES}`);
  const kafka = readStream("kafka", {
    ...kafkaOptions(job),
    maxOffsetsPerTrigger: String(job.batchSize),
  });
  await createRecords(session, kafka, "lab_records");
  const events = sqlRelation(
    "SELECT asset, price_usd, event_time, offset FROM lab_records WHERE reason IS NULL",
  );
  await session.createView("lab_events", withWatermark(events, "event_time", job.delayMs));

  const queries: Record<StreamName, string> = {
    windows: windowQuery(job, false),
    changes: windowQuery(job, true),
    prices: "SELECT asset, price_usd, event_time FROM lab_records WHERE reason IS NULL",
    rejected: `SELECT topic, partition, offset, reason, ${RAW} AS raw FROM lab_records WHERE reason IS NOT NULL`,
  };
  const streams: SparkStreams = {};
  try {
    for (const name of names) {
      streams[name] = await session.writeStream(sqlRelation(queries[name]), {
        name: `${name} of ${job.topic}`,
        path: `${root}/${name}`,
        checkpoint: `${root}/checkpoint/${name}`,
        format: "columns" in PRODUCTS[name] ? "parquet" : "json",
        everyMs,
      });
    }
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

/** The latest price of each asset by (event time, offset), from a batch query over the whole topic. */
export async function latestBySpark(session: SparkSession, job: SparkJob): Promise<LatestRow[]> {
  const kafka: Relation = {
    read: { dataSource: { format: "kafka", options: kafkaOptions(job) } },
  };
  await createRecords(session, kafka, "lab_all_records");
  const rows = await session.sql<Omit<LatestRow, "asset"> & { asset: Uint8Array }>(`
    SELECT encode(asset, 'UTF-8') AS asset, max_by(price_usd, struct(event_time, offset)) AS price_usd,
      max(event_time) AS event_time
    FROM lab_all_records WHERE reason IS NULL GROUP BY asset ORDER BY asset`);
  // Names are sent as bytes: apache-arrow removes a leading U+FEFF from strings.
  return rows.map((row) => ({ ...row, asset: Buffer.from(row.asset).toString() }));
}
