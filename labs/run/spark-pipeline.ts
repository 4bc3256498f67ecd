import { z } from "zod";
import { LabError } from "../shared/errors.js";
import { APPEND_CHUNK, appendAll, sum } from "./pipeline.js";
import type { PipelineStatus } from "../view/status.js";
import type { EventLog } from "../log/log.js";
import { refuseLost, refuseLostBeginning } from "../log/lost.js";
import { chunks } from "../source/chunks.js";
import type { Source } from "../source/source.js";
import { readProduct, writeLatest, type Product } from "../store/products.js";
import type { Store } from "../store/store.js";
import { TOTALS, totalsBy, type TotalSpec } from "../stream/totals.js";
import type { SparkSession } from "../spark/client.js";
import type { SparkProgress, StreamingQuery } from "../spark/streaming-query.js";
import { latestBySpark, startSparkJob, type SparkJob } from "../spark/job.js";

const POLL_MS = 500;
/** Where the progress of each batch is stored: Spark itself discards it when the query ends. */
const PROGRESS = "checkpoint/progress";

/** The progress of one batch of the windows query, as it is stored. */
const figuresSchema = z.object({
  batchId: z.number(),
  droppedRows: z.number(),
  openWindows: z.number(),
  watermark: z.string().nullable(),
  /** The newest event time in the batch. */
  newest: z.string().nullish(),
  durationMs: z.number().optional(),
  /** Records read. */
  rows: z.number().optional(),
  /** For each partition, the offset after the batch's last record. */
  endOffsets: z.array(z.number()),
});
type BatchFigures = z.infer<typeof figuresSchema>;

function figuresOf(progress: SparkProgress, topic: string): BatchFigures {
  const [state] = progress.stateOperators;
  const byTopic = JSON.parse(progress.sources[0]?.endOffset ?? "{}") as Record<
    string,
    Record<string, number>
  >;
  // One entry per partition, including partitions that were added to the topic later.
  const offsets = byTopic[topic] ?? {};
  // Before the first event, Spark reports the epoch: no watermark yet.
  const watermark = progress.eventTime?.watermark ?? null;
  return {
    batchId: progress.batchId,
    droppedRows: state?.numRowsDroppedByWatermark ?? 0,
    openWindows: state?.numRowsTotal ?? 0,
    newest: progress.eventTime?.max ?? null,
    durationMs: progress.durationMs["triggerExecution"],
    watermark: watermark !== null && Date.parse(watermark) === 0 ? null : watermark,
    rows: progress.sources[0]?.numInputRows ?? 0,
    endOffsets: Array.from(Object.keys(offsets), (_, partition) => offsets[partition] ?? 0),
  };
}

/**
 * Runs source → log → Spark → store until the source ends or the signal aborts. A finite source is appended to the log
 * completely before Spark reads it, at most `batchSize` records per batch. A live source is appended while Spark reads.
 *
 * The totals are counted in the products, except `droppedRows`, which is summed over the batches whose progress was seen.
 *
 * @param log the Kafka topic that the job reads
 * @throws LabError with Spark's message if a query fails
 */
export async function runSparkPipeline(
  {
    source,
    log,
    session,
    store,
  }: { source: Source; log: EventLog; session: SparkSession; store: Store },
  job: SparkJob,
  options: { triggerMs: number; follow?: boolean },
  signal: AbortSignal,
  onStatus: (status: PipelineStatus) => void = () => {},
): Promise<PipelineStatus> {
  const figures = await readFigures(store);
  const firstBatch = figures.length;
  let appended = 0;
  let logged = sum(await log.endOffsets());
  let ended = false;
  /** Rows in each product, once they are counted. */
  const rowCounts: Partial<Record<Product, number>> = {};

  function status(latest: PipelineStatus["latest"] = []): PipelineStatus {
    const last = figures.at(-1);
    const times = figures.flatMap((each) => (each.newest == null ? [] : [Date.parse(each.newest)]));
    const newest = times.length === 0 ? null : times.reduce((a, b) => Math.max(a, b));
    const offsets = last?.endOffsets ?? new Array<number>(log.partitions).fill(0);
    return {
      totals: {
        ...totalsBy((name) => {
          const { product }: TotalSpec = TOTALS[name];
          return product === undefined ? 0 : (rowCounts[product] ?? 0);
        }),
        lateEvents: null,
        batches: (last?.batchId ?? -1) + 1,
        events: rowCounts.prices ?? sum(figures.map(({ rows = 0 }) => rows)),
        droppedRows: sum(figures.map(({ droppedRows }) => droppedRows)),
      },
      appended,
      logged,
      batchesNow: figures.length - firstBatch,
      openWindows: last?.openWindows ?? 0,
      watermarkMs: last?.watermark == null ? null : Date.parse(last.watermark),
      newestEventMs: newest,
      batchMs: last?.durationMs ?? null,
      latest,
      offsets,
      ended,
    };
  }

  async function takeProgress(query: StreamingQuery): Promise<void> {
    for (const progress of await query.recentProgress()) {
      // A trigger without data also reports progress, with the id of the next batch.
      const isSeen = progress.batchId <= (figures.at(-1)?.batchId ?? -1);
      if (isSeen || progress.durationMs["addBatch"] === undefined) continue;
      const batch = figuresOf(progress, job.topic);
      figures.push(batch);
      await store.write(`${PROGRESS}/${batch.batchId}.json`, JSON.stringify(batch));
    }
    onStatus(status());
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
  const { endOffsets: read = [] } = figures.at(-1) ?? {};
  await refuseLostBeginning(log, read);
  await refuseLost(log, read);
  if (ended || !source.finite) {
    const streams = await startSparkJob(
      session,
      isLive ? { ...job, everyMs: options.triggerMs } : job,
    );
    const queries = Object.values(streams);
    const appending = source.finite ? Promise.resolve() : appendLive();
    let failure: unknown;
    appending.catch((error: unknown) => (failure = error));
    while (!signal.aborted && failure === undefined) {
      const over = await Promise.all(queries.map((query) => query.awaitTermination(POLL_MS)));
      await takeProgress(streams.windows!);
      if (over.every((each) => each)) break;
    }
    await appending;
    if (signal.aborted) {
      ended = isLive && source.finite;
      for (const query of queries) {
        if (isLive) await query.processAllAvailable();
        await query.stop();
      }
      await takeProgress(streams.windows!);
    }
  }

  async function appendLive(): Promise<void> {
    for await (const chunk of chunks(
      source.messages(signal),
      () => APPEND_CHUNK,
      options.triggerMs,
    )) {
      await log.append(chunk);
      appended += chunk.length;
      logged += chunk.length;
    }
  }

  for (const { product } of Object.values<TotalSpec>(TOTALS)) {
    if (product !== undefined) rowCounts[product] = await countRows(store, product);
  }
  const latest = await latestBySpark(session, job);
  await writeLatest(store, latest);
  return status(latest);
}

/** The stored progress of all batches, in order. @throws LabError naming a file that is damaged */
export async function readFigures(store: Store): Promise<BatchFigures[]> {
  const figures: BatchFigures[] = [];
  for (const name of await store.list(PROGRESS)) {
    const path = `${PROGRESS}/${name}`;
    const content = String(await store.read(path));
    try {
      figures.push(figuresSchema.parse(JSON.parse(content)));
    } catch {
      throw new LabError(
        `${store.root}/${path} is damaged: expected the progress of a batch as JSON, found ${content.slice(0, 80) || "nothing"}; restore it from a copy, or start over with --fresh`,
      );
    }
  }
  return figures.sort((a, b) => a.batchId - b.batchId);
}

async function countRows(store: Store, product: Product): Promise<number> {
  let count = 0;
  for await (const rows of readProduct(store, product)) count += rows.length;
  return count;
}
