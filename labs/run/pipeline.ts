import { LabError } from "../shared/errors.js";
import { nowMs } from "../shared/clock.js";
import type { Message, Value } from "../event.js";
import type { EventLog } from "../log/log.js";
import { partitionOf } from "../log/partition.js";
import type { PipelineStatus } from "../view/status.js";
import { openPriceQuery, type PriceQuerySettings } from "./price-query.js";
import { chunks } from "../source/chunks.js";
import { pace } from "../source/pace.js";
import type { Source } from "../source/source.js";
import { createProducts, writeBatch, writeLatest, type BatchOutput } from "../store/products.js";
import type { CommittedFile } from "../store/manifest.js";
import type { Encode } from "../store/parquet.js";
import type { Store } from "../store/store.js";
import type { Checkpoint } from "../stream/checkpoint.js";
import type { StreamingProgress } from "../stream/query.js";
import { sleep } from "../shared/wait.js";

/** How long messages of a slow finite source wait before they are appended to the log. */
const LINGER_MS = 250;
/** How many messages are appended at once when no batch is waiting for them. */
export const APPEND_CHUNK = 5_000;

export interface PipelineParts {
  source: Source<Value>;
  log: EventLog;
  checkpoint: Checkpoint;
  store: Store;
  /** Called with the output of each batch after it is written to the products. */
  observe?: (output: BatchOutput) => void;
  /** Encodes the products' Parquet files; by default in this thread. */
  encode?: Encode;
}

export interface PipelineOptions extends PriceQuerySettings {
  /** Live sources: run a micro-batch this often. */
  triggerMs: number;
  /**
   * Append a finite source completely before the first batch is planned. Each batch is then divided among the
   * partitions exactly as Spark divides it.
   */
  appendFirst?: boolean;
  /** Keep running after a finite source has ended, to process what others append to the log, until the signal aborts. */
  follow?: boolean;
}

export const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

/**
 * Runs source → log → stream → store until the source ends or the signal aborts.
 *
 * From a finite source, a batch takes exactly the next `batchSize` records (fewer at the end), and nothing more is
 * appended until it is planned. What a batch reads therefore depends only on the source, and the products depend on
 * neither speed nor crashes. From a live source, a batch takes whatever arrived within a trigger interval.
 *
 * @param onStatus called after every batch, and while a slow source fills the next one
 */
export async function runPipeline(
  { source, log, checkpoint, store, observe, encode }: PipelineParts,
  options: PipelineOptions,
  signal: AbortSignal,
  onStatus: (status: PipelineStatus) => void = () => {},
): Promise<PipelineStatus> {
  const { batchSize, triggerMs, appendFirst = false, follow = false } = options;
  await createProducts(store);
  async function sink(output: BatchOutput): Promise<CommittedFile[]> {
    const files = await writeBatch(store, output, encode);
    observe?.(output);
    return files;
  }
  // The results of a finite source must not depend on when it is read.
  const clock = source.finite ? undefined : nowMs;
  if (source.finite) await refill(source, log, checkpoint, signal);
  const query = await openPriceQuery(log, checkpoint, sink, { ...options, clock });
  /** Writes `latest/` if the batches have not kept it up to date. */
  async function finishLatest(): Promise<void> {
    const latest = query.takeLatest();
    if (latest !== undefined)
      await checkpoint.recordLatest(await writeLatest(store, latest, encode));
  }

  let appended = 0;
  /** The number of unread offsets, according to the log: others may append too, and open transactions cannot be read. */
  let waiting = sum(await log.endOffsets()) - sum(query.offsets);
  let batchesNow = 0;
  let ended = false;
  let batchMs: number | null = null;
  const status = (): PipelineStatus => ({
    totals: query.totals,
    appended,
    logged: sum(query.offsets) + waiting,
    batchesNow,
    openWindows: query.openWindows(),
    watermarkMs: query.watermarkMs,
    newestEventMs: query.maxEventTimeMs,
    batchMs,
    get latest() {
      return query.latest();
    },
    offsets: query.offsets,
    ended,
  });
  function ran(progress: StreamingProgress | undefined): void {
    if (progress === undefined) return;
    batchesNow++;
    batchMs = progress.durationMs.triggerExecution;
    onStatus(status());
  }

  /** The batch that is being written: meanwhile the source is read, the log appended to and the next batch planned. */
  let writing = Promise.resolve();
  /** Ends the source when a batch cannot be written: its next message may be hours away. */
  const failed = new AbortController();
  /** Starts a batch; it is computed once the one before it is committed. */
  async function startBatch(): Promise<void> {
    const batch = await query.startBatch();
    waiting = batch?.backlog ?? 0;
    if (batch === undefined) return ran(await query.runBatchWithoutData());
    writing = batch.committed.then(ran);
    writing.catch(() => failed.abort()); // thrown where it is awaited: at the latest when the source has ended
  }

  async function runBatch(): Promise<void> {
    await startBatch();
    await writing;
  }

  /** Runs the work that is due when no records are waiting. */
  async function idle(): Promise<void> {
    await writing;
    ran(await query.runBatchWithoutData());
    await finishLatest();
  }
  /** Runs a batch whenever others have appended to the log. */
  async function followLog(): Promise<void> {
    while (await sleep(triggerMs, signal)) {
      const waits = sum(await log.endOffsets()) > sum(query.offsets);
      if (waits) ran(await query.runBatch());
      else await idle();
    }
  }

  if (source.finite && appendFirst) {
    appended = await appendAll(source, log, signal, (count) => {
      waiting += count - appended;
      appended = count;
      onStatus(status());
    });
  } else {
    const untilFailed = AbortSignal.any([signal, failed.signal]);
    const messages = source.finite
      ? await notYetInLog(source, log, untilFailed)
      : source.messages(untilFailed);
    // A crash may have left records that are appended but not planned. A live source may read `latest/`, so it is finished first.
    while (waiting >= batchSize || (!source.finite && waiting > 0)) await runBatch();
    await finishLatest();
    const room = () => batchSize - waiting;
    try {
      for await (const chunk of chunks(messages, room, source.finite ? LINGER_MS : triggerMs)) {
        await log.append(chunk);
        appended += chunk.length;
        waiting += chunk.length;
        if (waiting >= batchSize || (!source.finite && waiting > 0)) await startBatch();
        else if (!source.finite) await idle();
        else onStatus(status());
      }
    } finally {
      await writing.catch(() => {}); // an error of the source is thrown only when nothing is being written
    }
    await writing;
  }
  ended = source.finite && !signal.aborted;
  while (waiting > 0 && (!source.finite || !signal.aborted)) await runBatch();
  ended &&= sum(await log.endOffsets({ readUncommitted: true })) === sum(query.offsets);
  if (ended || !source.finite) await idle();
  if (ended && follow) await followLog();
  await finishLatest();
  return status();
}

/**
 * Appends all messages of a finite source that the log does not hold yet.
 *
 * @param onAppended called after every chunk with the number appended so far
 * @returns how many messages were appended
 */
export async function appendAll(
  source: Source<Value>,
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

/** The messages of a finite source that the log does not hold yet, at the speed of the source. */
async function notYetInLog(
  source: Source<Value>,
  log: EventLog,
  signal: AbortSignal,
): Promise<AsyncIterable<readonly Message<Value>[]>> {
  const messages = await skipHeld(source, log, signal);
  return source.speed === undefined ? messages : pace(messages, source.speed, signal);
}

/**
 * The messages of a finite source that the log does not hold yet. The source yields the same messages in the same
 * order every time, so a partition with end offset n already holds the source's first n messages for that partition.
 * This is true even if a crash came between the appends to two partitions.
 *
 * @throws LabError (while reading) if the last record of a partition is not the source's message at that offset: then
 *   something else has written to the log, and it is unknown which messages are missing
 */
async function skipHeld(
  source: Source<Value>,
  log: EventLog,
  signal: AbortSignal,
): Promise<AsyncIterable<readonly Message<Value>[]>> {
  const held = await log.endOffsets({ readUncommitted: true });
  const last = await valuesBefore(log, held);
  /** Whether the log holds no more records of the message's partition: it is new. */
  function isNew({ key, value }: Message<Value>): boolean {
    const partition = partitionOf(key, log.partitions);
    if (held[partition]! === 0) return true;
    if (--held[partition]! === 0 && !isSame(value, last[partition])) {
      throw new LabError(
        `${log.location} holds records in partition ${partition} that ${source.name} did not send: something else has written to it; start over with --fresh, or choose another --out`,
      );
    }
    return false;
  }
  async function* rest(): AsyncGenerator<readonly Message<Value>[]> {
    for await (const piece of source.messages(signal)) {
      yield held.every((count) => count === 0) ? piece : piece.filter(isNew);
    }
  }
  return rest();
}

const isSame = (value: Value, other: Value | undefined): boolean =>
  other !== undefined && Buffer.from(value).equals(Buffer.from(other));

/** For each partition, the value of the record just before an offset; undefined if there is none to read. */
async function valuesBefore(
  log: EventLog,
  ends: readonly number[],
): Promise<(Value | undefined)[]> {
  const [starts, readable] = [await log.startOffsets(), await log.endOffsets()];
  async function valueBefore(end: number, partition: number): Promise<Value | undefined> {
    if (end <= (starts[partition] ?? 0) || end > (readable[partition] ?? 0)) return undefined;
    for await (const [record] of log.read(partition, end - 1, end)) return record?.value;
    return undefined;
  }
  return Promise.all(ends.map(valueBefore));
}

/**
 * Re-appends the messages of a finite source that the checkpoint has planned and the log has lost, and no more. The
 * log is then as it was when the last batch was planned.
 */
async function refill(
  source: Source<Value>,
  log: EventLog,
  checkpoint: Checkpoint,
  signal: AbortSignal,
): Promise<void> {
  const { endOffsets: planned = [] } = (await checkpoint.lastPlan()) ?? {};
  const ends = await log.endOffsets({ readUncommitted: true, atLeast: planned });
  const lacking = ends.map((end, partition) => (planned[partition] ?? 0) - end);
  const isLacking = () => lacking.some((count) => count > 0);
  if (!isLacking()) return;
  const messages = await skipHeld(source, log, signal);
  for await (const chunk of chunks(messages, () => APPEND_CHUNK, LINGER_MS)) {
    await log.append(chunk.filter(({ key }) => lacking[partitionOf(key, log.partitions)]!-- > 0));
    if (!isLacking()) return;
  }
}
