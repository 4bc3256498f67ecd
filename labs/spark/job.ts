import { LARGEST_LEAD_MS, LONGEST_ASSET, PRICE_LIMIT_USD } from "../event.js";
import type { LatestRow } from "../store/products.js";
import type { WindowSpec } from "../stream/window.js";
import {
  project,
  readStream,
  sqlRelation,
  withWatermark,
  type Relation,
  type SparkSession,
  type StreamingQuery,
} from "./client.js";

/** The query of `labs/stream/`, for Spark. */
export interface SparkJob {
  /** `host:port` of Kafka's brokers, as Spark sees them. */
  brokers: readonly string[];
  topic: string;
  /** The root of the products and checkpoints, a URL that Spark can write: `hdfs://…` or `file:///…`. */
  root: string;
  windows: WindowSpec;
  /** The watermark's delay, milliseconds. */
  delayMs: number;
  /** Percent. */
  changeThreshold: number;
  /** The most records a micro-batch reads: `maxOffsetsPerTrigger`. */
  batchSize: number;
  /** Live: a micro-batch this often, for ever. Without it: all that is in the topic now, then the end. */
  everyMs?: number;
}

/** The products that grow, each a stream of its own; `latest/` is a batch query. */
export const STREAMS = ["windows", "changes", "prices", "rejected"] as const;
export type StreamName = (typeof STREAMS)[number];

/** The running streams of a job. */
export type SparkStreams = Partial<Record<StreamName, StreamingQuery>>;

/** A time as the lab takes it: ISO-8601 with a zone. */
const TIME_PATTERN =
  "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$";
const JSON_OPTIONS = "map('allowNonNumericNumbers', 'false')";
/** A field of the message, of one type; null where it is missing or of another type. */
const field = (name: string, type: string) =>
  `from_json(value, '${name} ${type}', ${JSON_OPTIONS}).${name}`;

/**
 * What a record says, read as strictly as `parseEvent` does. Spark's JSON reader turns any value into a string, so a
 * name that can also be read as something else was no string.
 */
const RECORD = [
  "topic",
  "partition",
  "offset",
  "timestamp",
  "value",
  "value IS NULL OR from_json(value, 'lab_none string, lab_corrupt string', map('columnNameOfCorruptRecord', 'lab_corrupt', 'allowNonNumericNumbers', 'false')).lab_corrupt IS NOT NULL AS is_corrupt",
  `${field("asset", "string")} AS asset`,
  `coalesce(${field("asset", "double")} IS NOT NULL OR ${field("asset", "boolean")} IS NOT NULL OR ${field("asset", "array<string>")} IS NOT NULL OR ${field("asset", "map<string,string>")} IS NOT NULL, false) AS is_other_asset`,
  `${field("price_usd", "double")} AS price_usd`,
  `${field("price_usd", "string")} AS price_text`,
  `${field("event_time", "string")} AS time_text`,
  `${field("arrival_time", "string")} AS arrival_text`,
];

/** Milliseconds, as the lab keeps times; what is finer is cut. */
const EVENT_TIME = `CASE WHEN time_text RLIKE '${TIME_PATTERN}' THEN date_trunc('MILLISECOND', CAST(time_text AS timestamp)) END`;

/** Why a record is no event; null where it is one. The order and the words are those of `parseEvent`. */
const REASON = `CASE
  WHEN is_corrupt THEN 'not JSON'
  WHEN asset IS NULL THEN 'asset is missing'
  WHEN is_other_asset THEN concat('asset is not a string: ', asset)
  WHEN trim(asset) = '' THEN 'asset is empty'
  WHEN length(asset) > ${LONGEST_ASSET} THEN concat('asset is ', length(asset), ' characters long, at most ${LONGEST_ASSET} are allowed')
  WHEN price_text IS NULL THEN 'price_usd is missing'
  WHEN price_usd IS NULL THEN concat('price_usd is not a number: ', price_text)
  WHEN NOT price_usd > 0 THEN concat('price_usd is not above 0: ', price_text)
  WHEN NOT price_usd < ${PRICE_LIMIT_USD} THEN concat('price_usd is not below 1e12: ', price_text)
  WHEN time_text IS NULL THEN 'event_time is missing'
  WHEN event_time IS NULL THEN concat('event_time is not an ISO-8601 time with a zone: ', time_text)
  WHEN arrival_text IS NOT NULL AND (NOT arrival_text RLIKE '${TIME_PATTERN}' OR CAST(arrival_text AS timestamp) IS NULL)
    THEN concat('arrival_time is not an ISO-8601 time with a zone: ', arrival_text)
  WHEN unix_millis(event_time) - unix_millis(timestamp) > ${LARGEST_LEAD_MS} THEN concat('event_time is more than a day ahead of arrival: ', time_text)
END`;

/** The columns of `windows/`; first and last by (event time, offset). */
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
  // Without it Spark reads what was aborted, too.
  "kafka.isolation.level": "read_committed",
});

/** Names the records of a relation of Kafka records, with what is wrong with each, as `lab_records`. */
async function createRecords(session: SparkSession, kafka: Relation, name: string): Promise<void> {
  const decoded = project(
    kafka,
    "topic",
    "partition",
    "offset",
    "timestamp",
    "CAST(value AS string) AS value",
  );
  await session.createView(`${name}_read`, project(decoded, ...RECORD));
  const timed = `SELECT *, ${EVENT_TIME} AS event_time FROM ${name}_read`;
  await session.createView(name, sqlRelation(`SELECT *, ${REASON} AS reason FROM (${timed})`));
}

/**
 * Starts the streams of a job, or continues them from their checkpoints below `root`/checkpoint.
 *
 * Spark's file sink appends only, and a client in another language has no `foreachBatch`; so each product is a stream of
 * its own over the same topic with the same limit a batch, and they agree batch by batch.
 */
export async function startSparkJob(
  session: SparkSession,
  job: SparkJob,
  names: readonly StreamName[] = STREAMS,
): Promise<SparkStreams> {
  const { root, everyMs } = job;
  await session.sql("SET spark.sql.session.timeZone=UTC");
  await session.sql("SET spark.sql.parquet.outputTimestampType=TIMESTAMP_MILLIS");
  await session.sql("SET spark.sql.streaming.numRecentProgressUpdates=1000000");
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
    rejected:
      "SELECT topic, partition, offset, reason, coalesce(value, '') AS raw FROM lab_records WHERE reason IS NOT NULL",
  };
  const streams: SparkStreams = {};
  for (const name of names) {
    streams[name] = await session.writeStream(sqlRelation(queries[name]), {
      name: `${name} of ${job.topic}`,
      path: `${root}/${name}`,
      checkpoint: `${root}/checkpoint/${name}`,
      format: name === "rejected" ? "json" : "parquet",
      everyMs,
    });
  }
  return streams;
}

/** The latest price of each asset by (event time, offset), of all that is in the topic: a batch query. */
export async function latestBySpark(session: SparkSession, job: SparkJob): Promise<LatestRow[]> {
  const kafka: Relation = {
    read: { dataSource: { format: "kafka", options: kafkaOptions(job) } },
  };
  await createRecords(session, kafka, "lab_all_records");
  return session.sql<LatestRow>(`
    SELECT asset, max_by(price_usd, struct(event_time, offset)) AS price_usd, max(event_time) AS event_time
    FROM lab_all_records WHERE reason IS NULL GROUP BY asset ORDER BY asset`);
}
