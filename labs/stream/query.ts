import { readEvent, textOf, type DecodeEvent } from "../event.js";
import type { EventLog } from "../log/log.js";
import { refuseLost, refuseLostBeginning } from "../log/lost.js";
import type { CommittedFile } from "../store/manifest.js";
import { emptyOutput, type BatchOutput } from "../store/products.js";
import { formatTime } from "../shared/time.js";
import { planBatch, type BatchPlan } from "./batch.js";
import { takeChanges } from "./state-changes.js";
import type { Checkpoint } from "./checkpoint.js";
import type { Operator } from "./operator.js";
import { LAB_SEMANTICS, type Semantics } from "./semantics.js";
import { addEvent, openState, type State } from "./state.js";
import { TOTAL_NAMES, totalsBy, type Totals } from "./totals.js";

/** How a query reads its log. */
export interface QuerySettings {
  /** The watermark's delay, milliseconds. */
  delayMs: number;
  /** The maximum number of records per micro-batch, over all partitions. */
  batchSize: number;
  /** The lab's own by default. */
  nextWatermark?: Semantics["nextWatermark"];
  /** Makes a decoder of values with a schema id, for each batch; without it they are rejected. */
  decoder?: () => DecodeEvent;
  /** The clock that lets a live stream notice silence; without it, time advances only with events. */
  clock?: () => number;
}

/**
 * Stores the output of a batch. If a batch is run again, it is called again with the same output.
 *
 * @returns the files that it wrote, if any
 */
export type Sink = (output: BatchOutput) => Promise<readonly CommittedFile[] | void>;

/** The progress of one micro-batch, with the field names of Spark's `StreamingQueryProgress`. */
export interface StreamingProgress {
  batchId: number;
  numInputRows: number;
  processedRowsPerSecond: number;
  durationMs: { triggerExecution: number; addBatch: number; walCommit: number };
  eventTime: { watermark: string | null; max: string | null };
  /** What the batch added to the totals. */
  counts: Partial<Totals>;
  source: { startOffset: number[]; endOffset: number[] };
}

/** A batch that is planned and computed. */
export interface StartedBatch {
  /** How many of the offsets that were waiting when it was planned it has left unread. */
  backlog: number;
  /** Resolves once its output and the state are stored and it is committed. */
  committed: Promise<StreamingProgress>;
}

/** Whether the offsets have reached the log's ends. Nothing has been read from a partition that was added since. */
const isAllOf = (ends: readonly number[], offsets: readonly number[]) =>
  ends.every((end, partition) => end === (offsets[partition] ?? 0));

/**
 * A streaming query: our own micro-batch engine with the semantics of Spark Structured Streaming. It handles records,
 * batches and the watermark; its operators define what is computed.
 */
export interface Query {
  /** For each partition, the offset that the next batch starts at. */
  readonly offsets: readonly number[];
  readonly totals: Readonly<Totals>;
  /** Null before there is a watermark. */
  readonly watermarkMs: number | null;
  /** The latest event time seen; null before the first event. */
  readonly maxEventTimeMs: number | null;
  readonly state: State;
  /** Plans and runs one micro-batch of the waiting records, at most the batch size. */
  runBatch(): Promise<StreamingProgress>;
  /**
   * The same, but returns once the batch is planned and computed. While it is being written, more records may be appended to
   * the log and the next batch may be started: it is planned at once, and computed when this one is committed.
   *
   * @returns undefined if no records are waiting
   * @throws LabError (also) if the batch before could not be committed
   */
  startBatch(): Promise<StartedBatch | undefined>;
  /**
   * Runs a batch without data if the last batch moved the watermark, to emit the windows that it has passed, or if an
   * operator has something due. Spark, too, runs a batch without data after the watermark has moved.
   *
   * @returns undefined if there is nothing to do
   */
  runBatchWithoutData(): Promise<StreamingProgress | undefined>;
}

/**
 * Opens a query on a log and continues where its checkpoint stopped. A batch that was planned but not committed is run
 * again first, over the same offsets, so its output is the same. Partitions added to the topic are read from their
 * beginning, as Spark does.
 *
 * The steps of a batch are Spark's (`MicroBatchExecution`): offsets to the checkpoint, run, output to the
 * sink and state to the checkpoint, then the commit. A crash between two of them repeats the batch. The offsets of the next
 * batch may be written before the commit; after a crash between the two, they are planned again.
 *
 * @throws LabError if the log does not hold what the checkpoint says was read or planned
 */
export async function openQuery(
  log: EventLog,
  checkpoint: Checkpoint,
  sink: Sink,
  operators: readonly Operator[],
  settings: QuerySettings,
): Promise<Query> {
  const { delayMs, batchSize, decoder, clock } = settings;
  const { nextWatermark = LAB_SEMANTICS.nextWatermark } = settings;
  const committed = await checkpoint.lastCommitted(operators);
  const unfinished = await checkpoint.unfinished();

  let { batchId, endOffsets, watermarkMs } = committed?.plan ?? {
    batchId: -1,
    // The log may have lost its beginning since the first batch was planned.
    endOffsets:
      unfinished === undefined
        ? await log.startOffsets()
        : (unfinished.startOffsets ?? unfinished.endOffsets.map(() => 0)),
    watermarkMs: null,
  };
  let maxEventTimeMs = committed?.maxEventTimeMs ?? null;
  const state = openState(operators, committed?.assets ?? [], watermarkMs);
  const totals: Totals = { ...totalsBy(() => 0), ...committed?.totals };

  /** Adds the records of a plan to the operators. */
  async function addRecords(plan: BatchPlan, output: BatchOutput): Promise<void> {
    const { prices, rejected } = output;
    const decode = decoder?.();
    let newestMs = maxEventTimeMs ?? -Infinity;
    for (const [partition, end] of plan.endOffsets.entries()) {
      for await (const records of log.read(partition, endOffsets[partition] ?? 0, end)) {
        for (const record of records) {
          const { offset, timestampMs, value } = record;
          const read = readEvent(value, timestampMs, decode);
          const event = read instanceof Promise ? await read : read;
          if (typeof event === "string") {
            const raw = textOf(value);
            rejected.push({ topic: log.topic, partition, offset, reason: event, raw });
            continue;
          }
          const { priceUsd, eventTimeMs } = event;
          if (eventTimeMs > newestMs) newestMs = eventTimeMs;
          // The state's own string of the asset: the event's would live as long as the batch.
          const { asset } = addEvent(state, event, record, partition);
          prices.push({ asset, price_usd: priceUsd, event_time: eventTimeMs });
        }
      }
    }
    if (newestMs > -Infinity) maxEventTimeMs = newestMs;
  }

  /** The last batch that was started; resolves when it is committed. */
  let committing: Promise<unknown> = Promise.resolve();

  /** Runs a batch up to its output, and lets it be written. */
  async function start(
    plan: BatchPlan,
    walCommitMs: number,
  ): Promise<Pick<StartedBatch, "committed">> {
    const startedMs = performance.now();
    const startOffset = endOffsets;
    const output = emptyOutput(plan.batchId);
    await addRecords(plan, output);
    const { prices, rejected } = output;
    const counts: Partial<Totals> = {
      batches: 1,
      events: prices.length,
      rejected: rejected.length,
    };
    for (const operator of operators) Object.assign(counts, operator.endBatch(plan, output));

    ({ batchId, endOffsets, watermarkMs } = plan);
    for (const name of TOTAL_NAMES) totals[name] += counts[name] ?? 0;
    let addBatchMs = 0;
    const written = sink(output).finally(() => (addBatchMs = performance.now() - startedMs));
    const progress = { plan, maxEventTimeMs, totals };
    const stored = checkpoint.commit(progress, state, takeChanges(state), written);
    const numInputRows = prices.length + rejected.length;

    async function commit(): Promise<StreamingProgress> {
      await stored;
      const triggerMs = performance.now() - startedMs + walCommitMs;
      return {
        batchId: plan.batchId,
        numInputRows,
        processedRowsPerSecond: (numInputRows / triggerMs) * 1_000,
        durationMs: { triggerExecution: triggerMs, addBatch: addBatchMs, walCommit: walCommitMs },
        eventTime: {
          watermark: plan.watermarkMs === null ? null : formatTime(plan.watermarkMs),
          max: maxEventTimeMs === null ? null : formatTime(maxEventTimeMs),
        },
        counts,
        source: { startOffset, endOffset: plan.endOffsets },
      };
    }
    const committed = commit();
    committing = committed;
    committed.catch(() => {}); // thrown where it is awaited: by the caller and when the next batch is started
    return { committed };
  }

  async function planAndStart(end: number[], isAll: boolean) {
    const startedMs = performance.now();
    const isFirst = batchId < 0 && endOffsets.some((offset) => offset > 0);
    const plan: BatchPlan = {
      batchId: batchId + 1,
      startOffsets: isFirst ? endOffsets : undefined,
      endOffsets: end,
      watermarkMs: nextWatermark(watermarkMs, maxEventTimeMs, delayMs),
      plannedMs: isAll ? clock?.() : undefined,
    };
    await log.sync(); // a plan must not outlive the records that it names
    let walCommitMs = 0; // without the wait for the batch before
    const written = checkpoint.writePlan(plan).then(() => {
      walCommitMs = performance.now() - startedMs;
    });
    await Promise.allSettled([written, committing]); // nothing is being written when an error is thrown
    await committing;
    await written;
    const started = start(plan, walCommitMs);
    // After an error the operators may hold half of the batch, so no other batch may follow.
    started.catch((error: unknown) => {
      committing = Promise.reject(error as Error);
      committing.catch(() => {});
    });
    return started;
  }

  async function startBatch(ends: number[]): Promise<StartedBatch> {
    const end = planBatch(endOffsets, ends, batchSize);
    const { committed } = await planAndStart(end, isAllOf(ends, end));
    return { committed, backlog: backlogOf(ends) };
  }

  /** How many offsets before the given ones have not been read. */
  const backlogOf = (ends: readonly number[]) =>
    ends.reduce((total, end, partition) => total + end - (endOffsets[partition] ?? 0), 0);

  /** Whether an operator has output now even though nothing has arrived. */
  const isDue = () =>
    clock !== undefined && operators.some((each) => (each.dueMs?.() ?? Infinity) <= clock());

  await refuseLostBeginning(log, endOffsets);
  await refuseLost(log, endOffsets, unfinished?.endOffsets);
  if (unfinished !== undefined) await (await start(unfinished, 0)).committed;

  return {
    get offsets() {
      return endOffsets;
    },
    get watermarkMs() {
      return watermarkMs;
    },
    get maxEventTimeMs() {
      return maxEventTimeMs;
    },
    totals,
    state,
    runBatch: async () => (await startBatch(await refuseLost(log, endOffsets))).committed,
    async startBatch() {
      const ends = await refuseLost(log, endOffsets);
      return backlogOf(ends) > 0 ? startBatch(ends) : undefined;
    },
    async runBatchWithoutData() {
      const isMoved = nextWatermark(watermarkMs, maxEventTimeMs, delayMs) !== watermarkMs;
      if (!isMoved && !isDue()) return undefined;
      const isAll = isAllOf(await refuseLost(log, endOffsets), endOffsets);
      if (!isMoved && !isAll) return undefined;
      return (await planAndStart([...endOffsets], isAll)).committed;
    },
  };
}
