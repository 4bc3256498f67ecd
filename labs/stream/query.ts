import { parseEvent } from "../event.js";
import type { EventLog } from "../log/log.js";
import type { CommittedFile } from "../store/manifest.js";
import type { BatchOutput } from "../store/products.js";
import { formatTime } from "../time.js";
import { planBatch } from "./batch.js";
import type { BatchPlan, Checkpoint } from "./checkpoint.js";
import { addEvent, closeWindows, countOpenWindows, latestPrices, type State } from "./state.js";
import type { Monitor } from "./monitor.js";
import { LAB_RULES, type Rules } from "./rules.js";
import { NO_WATERMARK } from "./watermark.js";
import type { WindowSpec } from "./window.js";

/** What the query computes. */
export interface QuerySettings {
  windows: WindowSpec;
  /** The watermark's delay, milliseconds. */
  delayMs: number;
  /** The least |pct_change|, in percent, of a window that goes to `changes/`. */
  changeThreshold: number;
  /** The most records a micro-batch reads, over all partitions. */
  batchSize: number;
  /** By default the lab's own. */
  rules?: Rules;
  /** Raises alerts. */
  monitor?: Monitor;
  /** The clock by which a live stream notices that nothing comes; without it the events alone tell the time. */
  clock?: () => number;
}

/**
 * Takes the output of a batch; called again with the same output when a batch is run again.
 *
 * @returns the files that it has written, where it writes files
 */
export type Sink = (output: BatchOutput) => Promise<readonly CommittedFile[] | void>;

/** Sums over all batches since the query began, across restarts. */
export type Totals = {
  batches: number;
  events: number;
  rejected: number;
  windows: number;
  changes: number;
  alerts: number;
  /** Events that came too late for at least one of their windows. */
  lateEvents: number;
  /** (asset, window) pairs that late events were dropped from, counted once a batch: Spark's `numRowsDroppedByWatermark`. */
  droppedRows: number;
};

/** The progress of one micro-batch, in the words of Spark's `StreamingQueryProgress`. */
export interface StreamingProgress {
  batchId: number;
  numInputRows: number;
  processedRowsPerSecond: number;
  durationMs: { triggerExecution: number; addBatch: number; walCommit: number };
  eventTime: { watermark: string | null; max: string | null };
  stateOperators: {
    /** Open (asset, window) pairs. */
    numRowsTotal: number;
    /** Windows emitted and evicted by this batch. */
    numRowsRemoved: number;
    numRowsDroppedByWatermark: number;
  };
  source: { startOffset: number[]; endOffset: number[] };
}

const isSame = (offsets: readonly number[], others: readonly number[]) =>
  offsets.every((offset, partition) => offset === others[partition]);

/** A streaming query: our own micro-batch engine with the semantics of Spark Structured Streaming. */
export interface Query {
  /** For each partition the offset that the next batch starts at. */
  readonly offsets: readonly number[];
  readonly totals: Readonly<Totals>;
  readonly watermarkMs: number;
  /** The latest event time seen; -Infinity before any. */
  readonly maxEventTimeMs: number;
  readonly state: State;
  openWindows(): number;
  /** Plans one micro-batch of what waits in the log, at most the batch size, and runs it. */
  runBatch(): Promise<StreamingProgress>;
  /**
   * Runs a batch without data if the last one moved the watermark, so that the windows which it has passed
   * are emitted, or if the monitor has something due; undefined if there is nothing to do. For the watermark Spark does
   * the same when a trigger finds no data.
   */
  runBatchWithoutData(): Promise<StreamingProgress | undefined>;
}

/**
 * Opens a query on a log at the place where its checkpoint says it stopped. A batch that was
 * planned but not committed is run again first, over the same offsets, so its output is the same.
 *
 * The steps of a batch are Spark's (`MicroBatchExecution`): offsets to the checkpoint, run, output to the
 * sink, state and commit to the checkpoint. A crash between two of them repeats the batch.
 */
export async function openQuery(
  log: EventLog,
  checkpoint: Checkpoint,
  sink: Sink,
  settings: QuerySettings,
): Promise<Query> {
  const { windows, delayMs, changeThreshold, batchSize, rules = LAB_RULES } = settings;
  const { monitor, clock } = settings;
  const committed = await checkpoint.lastCommitted();

  let { batchId, endOffsets, watermarkMs } = committed?.plan ?? {
    batchId: -1,
    endOffsets: new Array<number>(log.partitions).fill(0),
    watermarkMs: NO_WATERMARK,
  };
  let maxEventTimeMs = committed?.maxEventTimeMs ?? -Infinity;
  const state: State = committed?.state ?? new Map();
  const totals: Totals = {
    batches: 0,
    events: 0,
    rejected: 0,
    windows: 0,
    changes: 0,
    alerts: 0,
    lateEvents: 0,
    droppedRows: 0,
    ...committed?.totals,
  };

  /** Aggregates the records of a plan. Late is what is behind the watermark of the batch before. */
  async function aggregate(plan: BatchPlan, lateWatermarkMs: number) {
    const events: BatchOutput["events"] = [];
    const rejected: BatchOutput["rejected"] = [];
    const droppedRows = new Set<string>();
    let lateEvents = 0;
    for (const [partition, end] of plan.endOffsets.entries()) {
      for await (const records of log.read(partition, endOffsets[partition]!, end)) {
        for (const record of records) {
          const { offset, timestampMs, value } = record;
          const event = parseEvent(value, timestampMs);
          if (typeof event === "string") {
            rejected.push({ topic: log.topic, partition, offset, reason: event, raw: value });
            continue;
          }
          events.push(event);
          if (event.eventTimeMs > maxEventTimeMs) maxEventTimeMs = event.eventTimeMs;
          const late = addEvent(state, windows, event, offset, lateWatermarkMs, rules);
          monitor?.takeEvent(state.get(event.asset)!, event, partition, record);
          if (late === undefined) continue;
          lateEvents++;
          for (let start = late.firstStartMs; start <= late.lastStartMs; start += windows.slideMs) {
            droppedRows.add(`${start} ${event.asset}`);
          }
        }
      }
    }
    return { events, rejected, lateEvents, droppedRows: droppedRows.size };
  }

  async function run(plan: BatchPlan, walCommitMs: number): Promise<StreamingProgress> {
    const startedMs = performance.now();
    const lateWatermarkMs = watermarkMs;
    const startOffset = endOffsets;
    const { events, rejected, lateEvents, droppedRows } = await aggregate(plan, lateWatermarkMs);
    const closed = closeWindows(state, windows, lateWatermarkMs, plan.watermarkMs, rules);
    const changes = closed.filter(({ pct_change }) => Math.abs(pct_change) >= changeThreshold);
    const alerts = monitor?.endBatch(state, closed, plan.nowMs) ?? [];
    const files = await sink({
      batchId: plan.batchId,
      events,
      windows: closed,
      changes,
      latest: latestPrices(state),
      rejected,
      alerts,
    });
    const addBatchMs = performance.now() - startedMs;

    ({ batchId, endOffsets, watermarkMs } = plan);
    totals.batches++;
    totals.events += events.length;
    totals.rejected += rejected.length;
    totals.windows += closed.length;
    totals.changes += changes.length;
    totals.alerts += alerts.length;
    totals.lateEvents += lateEvents;
    totals.droppedRows += droppedRows;
    await checkpoint.commit({ plan, maxEventTimeMs, totals, state, files: files ?? undefined });

    const triggerMs = performance.now() - startedMs + walCommitMs;
    const numInputRows = events.length + rejected.length;
    return {
      batchId,
      numInputRows,
      processedRowsPerSecond: (numInputRows / triggerMs) * 1_000,
      durationMs: { triggerExecution: triggerMs, addBatch: addBatchMs, walCommit: walCommitMs },
      eventTime: {
        watermark: watermarkMs === NO_WATERMARK ? null : formatTime(watermarkMs),
        max: maxEventTimeMs === -Infinity ? null : formatTime(maxEventTimeMs),
      },
      stateOperators: {
        numRowsTotal: countOpenWindows(state, windows, watermarkMs, rules),
        numRowsRemoved: closed.length,
        numRowsDroppedByWatermark: droppedRows,
      },
      source: { startOffset, endOffset: plan.endOffsets },
    };
  }

  async function planAndRun(end: number[], isAll: boolean): Promise<StreamingProgress> {
    const startedMs = performance.now();
    const plan: BatchPlan = {
      batchId: batchId + 1,
      endOffsets: end,
      watermarkMs: rules.nextWatermark(watermarkMs, maxEventTimeMs, delayMs),
      nowMs: isAll ? clock?.() : undefined,
    };
    await log.sync(); // a plan must not outlive the records that it names
    await checkpoint.writePlan(plan);
    return run(plan, performance.now() - startedMs);
  }

  /** Whether the monitor would raise something now, although nothing has come. */
  const isDue = () =>
    clock !== undefined && monitor !== undefined && monitor.dueMs(state) <= clock();

  const unfinished = await checkpoint.unfinished();
  if (unfinished !== undefined) await run(unfinished, 0);

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
    openWindows: () => countOpenWindows(state, windows, watermarkMs, rules),
    async runBatch() {
      const waiting = await log.endOffsets();
      const end = planBatch(endOffsets, waiting, batchSize);
      return planAndRun(end, isSame(end, waiting));
    },
    async runBatchWithoutData() {
      const isMoved = rules.nextWatermark(watermarkMs, maxEventTimeMs, delayMs) > watermarkMs;
      if (!isMoved && !isDue()) return undefined;
      const isAll = isSame(endOffsets, await log.endOffsets());
      return isMoved || isAll ? planAndRun([...endOffsets], isAll) : undefined;
    },
  };
}
