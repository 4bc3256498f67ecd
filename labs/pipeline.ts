import type { Message } from "./event.js";
import type { EventLog } from "./log/log.js";
import { partitionOf } from "./log/partition.js";
import { chunks } from "./source/chunks.js";
import type { Source } from "./source/source.js";
import { createProducts, writeBatch, type LatestRow } from "./store/products.js";
import type { Store } from "./store/store.js";
import type { Checkpoint } from "./stream/checkpoint.js";
import {
  openQuery,
  type QuerySettings,
  type StreamingProgress,
  type Totals,
} from "./stream/query.js";
import { latestPrices } from "./stream/state.js";

/** How often what a slow finite source has yielded is appended to the log. */
const LINGER_MS = 250;

export interface PipelineParts {
  source: Source;
  log: EventLog;
  checkpoint: Checkpoint;
  store: Store;
}

export interface PipelineOptions extends QuerySettings {
  /** Live sources: how often a micro-batch runs, milliseconds. */
  triggerMs: number;
}

/** How a run of the pipeline stands, after each batch and at its end. */
export interface PipelineStatus {
  totals: Readonly<Totals>;
  /** Records that this run appended to the log. */
  appended: number;
  /** Batches that this run ran. */
  batchesNow: number;
  openWindows: number;
  watermarkMs: number;
  maxEventTimeMs: number;
  latest: LatestRow[];
  /** Whether a finite source has been read to its end. */
  ended: boolean;
}

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
  { source, log, checkpoint, store }: PipelineParts,
  options: PipelineOptions,
  signal: AbortSignal,
  onBatch: (status: PipelineStatus, progress: StreamingProgress) => void = () => {},
): Promise<PipelineStatus> {
  const { batchSize, triggerMs } = options;
  await createProducts(store);
  const query = await openQuery(log, checkpoint, (output) => writeBatch(store, output), options);

  let appended = 0;
  let batchesNow = 0;
  let ended = false;
  const status = (): PipelineStatus => ({
    totals: query.totals,
    appended,
    batchesNow,
    openWindows: query.openWindows(),
    watermarkMs: query.watermarkMs,
    maxEventTimeMs: query.maxEventTimeMs,
    latest: latestPrices(query.state),
    ended,
  });
  function ran(progress: StreamingProgress | undefined): void {
    if (progress === undefined) return;
    batchesNow++;
    onBatch(status(), progress);
  }

  const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
  let waiting = sum(await log.endOffsets()) - sum(query.offsets);
  async function runBatch(): Promise<void> {
    const progress = await query.runBatch();
    waiting -= sum(progress.source.endOffset) - sum(progress.source.startOffset);
    ran(progress);
  }

  const messages = source.finite
    ? notYetInLog(source.messages(signal), await log.endOffsets())
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
  ended = source.finite && !signal.aborted;
  if (ended || !source.finite) {
    while (waiting > 0) await runBatch();
    ran(await query.runBatchWithoutData());
  }
  return status();
}

/**
 * Passes over the messages that the log already holds. A finite source yields the same messages again,
 * so in each partition they are the first ones, as many as its end offset says, whatever instant a
 * crash chose between the appends to two partitions.
 */
async function* notYetInLog(
  messages: AsyncIterable<Message>,
  endOffsets: readonly number[],
): AsyncGenerator<Message> {
  const held = [...endOffsets];
  for await (const message of messages) {
    const partition = partitionOf(message.key, held.length);
    if (held[partition]! > 0) held[partition]!--;
    else yield message;
  }
}
