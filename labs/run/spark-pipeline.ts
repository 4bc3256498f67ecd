import { APPEND_CHUNK, appendAll, sum } from "./pipeline.js";
import type { Value } from "../event.js";
import type { PipelineStatus } from "../view/status.js";
import type { EventLog } from "../log/log.js";
import { refuseLost, refuseLostBeginning } from "../log/lost.js";
import type { PriceFormat } from "../schema/price-format.js";
import { chunks } from "../source/chunks.js";
import type { Source } from "../source/source.js";
import { readProduct, writeLatest, type Product } from "../store/products.js";
import type { Store } from "../store/store.js";
import { CHECKPOINT } from "../stream/checkpoint.js";
import {
  TOTALS,
  totalsBy,
  type KnownTotals,
  type TotalSpec,
  type Totals,
} from "../stream/totals.js";
import type { SparkSession } from "../spark/client.js";
import { hidePassword } from "../spark/kafka-options.js";
import {
  finishSparkJob,
  isNewSchema,
  latestBySpark,
  readsFiles,
  startSparkJob,
  topicRelation,
  type SparkJob,
} from "../spark/job.js";
import { findSchemas, type TopicSchemas } from "../spark/schemas.js";
import { STOP_TIMEOUT_MS } from "../spark/streaming-query.js";
import type { Notify } from "../shared/notify.js";
import { settled } from "../shared/wait.js";
import { followProgress } from "./spark-progress.js";
import { completeSparkCommit } from "./spark-commit.js";
import { lastSparkBatch } from "./verify.js";

const POLL_MS = 500;

export interface SparkPipelineParts {
  source: Source<Value>;
  /** The Kafka topic that the job reads. */
  log: EventLog;
  /** How to read records with a schema id; without it they are rejected. */
  format?: PriceFormat;
  session: SparkSession;
  store: Store;
  /** Called if a total is incomplete. */
  notify?: Notify;
}

/**
 * Runs source → log → Spark → store until the source ends or the signal aborts. A finite source is appended to the log
 * completely before Spark reads it, at most `batchSize` records per batch. A live source is appended while Spark reads.
 *
 * The totals are counted in the products, except `droppedRows`, which is summed over the batches whose progress was seen.
 *
 * @throws LabError with Spark's message if a query fails, or the source's error; all queries are then stopped
 */
export async function runSparkPipeline(
  { source, log, format, session, store, notify = () => {} }: SparkPipelineParts,
  job: SparkJob,
  options: { triggerMs: number; follow?: boolean },
  signal: AbortSignal,
  onStatus: (status: PipelineStatus) => void = () => {},
): Promise<PipelineStatus> {
  if (job.login !== undefined) await hidePassword(session);
  const progress = await followProgress(store, job.topic, notify);
  let appended = 0;
  let logged = sum(await log.endOffsets());
  let ended = false;
  /** The schemas of the topic that are known so far. */
  let schemas: TopicSchemas | undefined;
  /** Rows in each product, once they are counted. */
  const rowCounts: Partial<Record<Product, number>> = {};

  function status(latest: PipelineStatus["latest"] = []): PipelineStatus {
    const { nextBatch, rows, droppedRows, endOffsets, ...last } = progress.figures;
    const isNew = endOffsets.length === 0;
    const offsets = isNew ? new Array<number>(log.partitions).fill(0) : endOffsets;
    const events = rowCounts.prices ?? rows;
    const counted: Partial<Totals> = { batches: nextBatch, droppedRows, events };
    const totals = totalsBy((name) => {
      const { product, onSpark }: TotalSpec = TOTALS[name];
      if (onSpark === false) return null;
      return counted[name] ?? (product === undefined ? 0 : (rowCounts[product] ?? 0));
    }) as KnownTotals;
    return {
      totals,
      appended,
      logged,
      batchesNow: progress.batchesNow,
      ...last,
      latest,
      offsets,
      ended,
    };
  }

  const isLive = !source.finite || options.follow === true;
  if (source.finite) {
    appended = await appendAll(source, log, signal, (count) => {
      logged += count - appended;
      appended = count;
      onStatus(status());
    });
    ended = !signal.aborted;
  }
  const { endOffsets: read } = progress.figures;
  await refuseLostBeginning(log, read);
  await refuseLost(log, read);
  if (ended || !source.finite) {
    const everyMs = isLive ? options.triggerMs : undefined;
    const whole: SparkJob = { ...job, everyMs, isOlder: await isOlder(store) };
    /** Ends the source if a query fails. */
    const over = new AbortController();
    const appending = source.finite
      ? Promise.resolve()
      : appendLive(AbortSignal.any([signal, over.signal]));
    let sourceFailed = false;
    appending.catch(() => (sourceFailed = true));

    /** Runs the streams until they end, or the run is stopped. */
    async function runStreams(current: SparkJob): Promise<void> {
      await completeSparkCommit(store, log, "windows", job.delayMs, format?.decoder());
      if (!readsFiles(current)) {
        await completeSparkCommit(store, log, "changes", job.delayMs, format?.decoder());
      }
      const streams = await startSparkJob(session, current);
      const queries = Object.values(streams);
      const windows = streams.windows!;
      try {
        while (!signal.aborted && !sourceFailed) {
          const ends = await Promise.all(queries.map((query) => query.awaitTermination(POLL_MS)));
          await progress.take(windows);
          onStatus(status());
          if (ends.every((each) => each)) break;
        }
        over.abort();
        await appending;
        if (signal.aborted) {
          ended = isLive && source.finite;
          for (const query of queries) {
            if (isLive) await query.processAllAvailable();
            await query.stop();
          }
          await progress.take(windows);
        }
        await finishSparkJob(session, current, streams);
      } catch (error) {
        const stops = queries.map((query) => query.stop());
        await settled([progress.take(windows), ...stops], STOP_TIMEOUT_MS);
        throw error;
      }
    }

    try {
      await withSchemas(whole, runStreams);
    } catch (error) {
      over.abort();
      await settled([appending], STOP_TIMEOUT_MS);
      throw error;
    }
    await progress.finish(await lastSparkBatch(store, "windows"));
  }

  /** Runs a job with the schemas of the topic, and again with more if a record comes whose schema is new. */
  async function withSchemas<T>(of: SparkJob, run: (job: SparkJob) => Promise<T>): Promise<T> {
    if (format === undefined) return run(of);
    const topicFrom = (offsets?: readonly number[]) => topicRelation(of, offsets);
    schemas ??= await findSchemas(session, log, topicFrom, format);
    for (;;) {
      try {
        return await run({ ...of, schemas });
      } catch (error) {
        if (!isNewSchema(error)) throw error;
        notify("the topic has a record with a new schema: Spark starts its queries again with it");
        schemas = await findSchemas(session, log, topicFrom, format, schemas);
      }
    }
  }

  async function appendLive(until: AbortSignal): Promise<void> {
    const messages = source.messages(until);
    for await (const chunk of chunks(messages, () => APPEND_CHUNK, options.triggerMs)) {
      await log.append(chunk);
      appended += chunk.length;
      logged += chunk.length;
    }
  }

  for (const { product } of Object.values<TotalSpec>(TOTALS)) {
    if (product !== undefined) rowCounts[product] = await countRows(store, product);
  }
  const latest = await withSchemas(job, (each) => latestBySpark(session, each));
  await writeLatest(store, latest);
  return status(latest);
}

/** Whether an older version of the lab began the output: its query of `changes/` had a state of its own. */
const isOlder = async (store: Store) =>
  (await store.list(`${CHECKPOINT}/changes/state`)).length > 0;

async function countRows(store: Store, product: Product): Promise<number> {
  let count = 0;
  for await (const rows of readProduct(store, product)) count += rows.length;
  return count;
}
