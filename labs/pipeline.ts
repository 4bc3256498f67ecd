import type { Message } from "./event.js";
import type { EventLog } from "./log/log.js";
import { partitionOf } from "./log/partition.js";
import { chunks } from "./source/chunks.js";
import { pause } from "./source/pace.js";
import type { Source } from "./source/source.js";
import type { CommittedFile } from "./store/manifest.js";
import { createProducts, writeBatch, type BatchOutput, type LatestRow } from "./store/products.js";
import type { Store } from "./store/store.js";
import type { Checkpoint } from "./stream/checkpoint.js";
import {
  openQuery,
  type Query,
  type QuerySettings,
  type StreamingProgress,
  type Totals,
} from "./stream/query.js";
import { latestPrices } from "./stream/state.js";

/** How often what a slow finite source has yielded is appended to the log. */
const LINGER_MS = 250;
/** How many messages are appended at once where no batch waits for them. */
export const APPEND_CHUNK = 5_000;

export interface PipelineParts {
  source: Source;
  log: EventLog;
  checkpoint: Checkpoint;
  store: Store;
  /** Shown what each batch adds to the products, once they have it. */
  observe?: (output: BatchOutput) => void;
}

export interface PipelineOptions extends QuerySettings {
  /** Live sources: how often a micro-batch runs, milliseconds. */
  triggerMs: number;
  /**
   * Append all of a finite source before the first batch is planned, as if it had been recorded long ago. Then
   * batches are shared among the partitions as Spark shares them, whatever reads the log.
   */
  appendFirst?: boolean;
  /** Stay after a finite source has ended, for what others append to the log, until the signal aborts. */
  follow?: boolean;
}

/** How a run of the pipeline stands, after each batch and at its end. */
export interface PipelineStatus {
  /** Sums since the query began. Spark does not count late events. */
  totals: Readonly<Omit<Totals, "lateEvents"> & { lateEvents: number | null }>;
  /** Records that this run appended to the log. */
  appended: number;
  /** Batches that this run ran. */
  batchesNow: number;
  openWindows: number;
  watermarkMs: number;
  /** The newest event time seen; null before any, and where nobody says. */
  newestEventMs: number | null;
  /** How long the last batch took, milliseconds; null before any, and where nobody says. */
  batchMs: number | null;
  latest: LatestRow[];
  /** For each partition the offset that the next batch starts at. */
  offsets: readonly number[];
  /** Whether a finite source has been read to its end. */
  ended: boolean;
}

export const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

/**
 * Runs source → log → stream → store until the source ends or the signal aborts.
 *
 * From a finite source a batch takes exactly the next `batchSize` records (fewer at the end), and no
 * further record is appended before it is planned. So what a batch reads depends on the source alone, and
 * the products on neither speed nor crashes. From a live source a batch takes what arrived in a trigger.
 *
 * @param onBatch is told after every batch
 */
export async function runPipeline(
  { source, log, checkpoint, store, observe }: PipelineParts,
  options: PipelineOptions,
  signal: AbortSignal,
  onBatch: (status: PipelineStatus) => void = () => {},
): Promise<PipelineStatus> {
  const { batchSize, triggerMs, appendFirst = false, follow = false } = options;
  await createProducts(store);
  async function sink(output: BatchOutput): Promise<CommittedFile[]> {
    const files = await writeBatch(store, output);
    observe?.(output);
    return files;
  }
  // What comes of a finite source must not depend on when it is read.
  const clock = source.finite ? undefined : Date.now;
  const query = await openQuery(log, checkpoint, sink, { ...options, clock });

  let appended = 0;
  let batchesNow = 0;
  let ended = false;
  let batchMs: number | null = null;
  const status = (): PipelineStatus => ({
    totals: query.totals,
    appended,
    batchesNow,
    openWindows: query.openWindows(),
    watermarkMs: query.watermarkMs,
    newestEventMs: query.maxEventTimeMs === -Infinity ? null : query.maxEventTimeMs,
    batchMs,
    latest: latestPrices(query.state),
    offsets: query.offsets,
    ended,
  });
  function ran(progress: StreamingProgress | undefined): void {
    if (progress === undefined) return;
    batchesNow++;
    batchMs = progress.durationMs.triggerExecution;
    onBatch(status());
  }

  let waiting = sum(await log.endOffsets()) - sum(query.offsets);
  async function runBatch(): Promise<void> {
    const progress = await query.runBatch();
    waiting -= sum(progress.source.endOffset) - sum(progress.source.startOffset);
    ran(progress);
  }

  if (source.finite && appendFirst) {
    appended = await appendAll(source, log, signal, (count) => {
      appended = count;
      onBatch(status());
    });
    waiting += appended;
  } else {
    const messages = source.finite
      ? await notYetInLog(source, log, signal)
      : source.messages(signal);
    while (waiting >= batchSize) await runBatch(); // a crash came between append and plan
    const room = () => batchSize - waiting;
    for await (const chunk of chunks(messages, room, source.finite ? LINGER_MS : triggerMs)) {
      await log.append(chunk);
      appended += chunk.length;
      waiting += chunk.length;
      if (waiting >= batchSize || (!source.finite && waiting > 0)) await runBatch();
      else if (!source.finite) ran(await query.runBatchWithoutData());
    }
  }
  ended = source.finite && !signal.aborted;
  while (waiting > 0 && (!source.finite || !signal.aborted)) await runBatch();
  ended &&= waiting === 0;
  if (ended || !source.finite) ran(await query.runBatchWithoutData());
  if (ended && follow) await followLog(query, log, triggerMs, signal, ran);
  return status();
}

/** Runs a batch whenever others have appended to the log. */
async function followLog(
  query: Query,
  log: EventLog,
  triggerMs: number,
  signal: AbortSignal,
  ran: (progress: StreamingProgress | undefined) => void,
): Promise<void> {
  while (await pause(triggerMs, signal)) {
    const waits = sum(await log.endOffsets()) > sum(query.offsets);
    ran(waits ? await query.runBatch() : await query.runBatchWithoutData());
  }
}

/**
 * Appends all that a finite source yields and the log does not hold yet.
 *
 * @param onAppended is told how many after every chunk
 * @returns how many messages were appended
 */
export async function appendAll(
  source: Source,
  log: EventLog,
  signal: AbortSignal,
  onAppended: (count: number) => void = () => {},
): Promise<number> {
  let appended = 0;
  const messages = await notYetInLog(source, log, signal);
  for await (const chunk of chunks(messages, () => APPEND_CHUNK, LINGER_MS)) {
    await log.append(chunk);
    appended += chunk.length;
    onAppended(appended);
  }
  return appended;
}

/**
 * The messages of a finite source without those that the log already holds. The source yields the same
 * messages again, so in each partition they are the first ones, as many as its end offset says, whatever
 * instant a crash chose between the appends to two partitions.
 */
async function notYetInLog(
  source: Source,
  log: EventLog,
  signal: AbortSignal,
): Promise<AsyncIterable<Message>> {
  const held = await log.endOffsets();
  async function* rest(): AsyncGenerator<Message> {
    for await (const message of source.messages(signal)) {
      const partition = partitionOf(message.key, held.length);
      if (held[partition]! > 0) held[partition]!--;
      else yield message;
    }
  }
  return rest();
}
