import { parseEvent } from "../event.js";
import type { EventLog } from "../log/log.js";
import type { BatchOutput, LatestRow } from "../store/products.js";
import { refuseLost, refuseLostBeginning } from "../log/lost.js";
import type { CommittedFile } from "../store/manifest.js";
import { formatTime } from "../time.js";
import { planBatch } from "./batch.js";
import type { BatchPlan, Checkpoint } from "./checkpoint.js";
import { takeChanges } from "./changes.js";
import { isLatestDue, takeLatest } from "./latest.js";
import { addEvent, closeWindows, newState, restoreState, type State } from "./state.js";
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

/** Whether offsets are the log's ends. Of a partition that was added to the topic since, nothing has been read. */
const isAllOf = (ends: readonly number[], offsets: readonly number[]) =>
  ends.every((end, partition) => end === (offsets[partition] ?? 0));

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
  /** All of `latest/` where the last batches have left it behind, to be written now; undefined where it is up to date. */
  takeLatest(): LatestRow[] | undefined;
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
 * planned but not committed is run again first, over the same offsets, so its output is the same. Partitions that are
 * added to the topic are read from their beginning, as Spark does.
 *
 * The steps of a batch are Spark's (`MicroBatchExecution`): offsets to the checkpoint, run, output to the
 * sink, state and commit to the checkpoint. A crash between two of them repeats the batch.
 *
 * @throws LabError if the log does not hold what the checkpoint says was read or planned
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
  const unfinished = await checkpoint.unfinished();

  let { batchId, endOffsets, watermarkMs } = committed?.plan ?? {
    batchId: -1,
    // What the log begins with may be gone since the first batch was planned.
    endOffsets:
      unfinished === undefined
        ? await log.startOffsets()
        : (unfinished.startOffsets ?? unfinished.endOffsets.map(() => 0)),
    watermarkMs: NO_WATERMARK,
  };
  let maxEventTimeMs = committed?.maxEventTimeMs ?? -Infinity;
  const state =
    committed === undefined
      ? newState()
      : restoreState(committed.assets, windows, watermarkMs, rules);
  monitor?.restore(state);
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
      for await (const records of log.read(partition, endOffsets[partition] ?? 0, end)) {
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
          monitor?.takeEvent(state.assets.get(event.asset)!, event, partition, record);
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
      latest: isLatestDue(state) ? takeLatest(state) : undefined,
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
    const progress = { plan, maxEventTimeMs, totals, files: files ?? undefined };
    await checkpoint.commit(progress, state, takeChanges(state));

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
        numRowsTotal: state.openWindows,
        numRowsRemoved: closed.length,
        numRowsDroppedByWatermark: droppedRows,
      },
      source: { startOffset, endOffset: plan.endOffsets },
    };
  }

  async function planAndRun(end: number[], isAll: boolean): Promise<StreamingProgress> {
    const startedMs = performance.now();
    const isFirst = batchId < 0 && endOffsets.some((offset) => offset > 0);
    const plan: BatchPlan = {
      batchId: batchId + 1,
      startOffsets: isFirst ? endOffsets : undefined,
      endOffsets: end,
      watermarkMs: rules.nextWatermark(watermarkMs, maxEventTimeMs, delayMs),
      nowMs: isAll ? clock?.() : undefined,
    };
    await log.sync(); // a plan must not outlive the records that it names
    await checkpoint.writePlan(plan);
    return run(plan, performance.now() - startedMs);
  }

  /** Whether the monitor would raise something now, although nothing has come. */
  const isDue = () => clock !== undefined && monitor !== undefined && monitor.dueMs() <= clock();

  await refuseLostBeginning(log, endOffsets);
  await refuseLost(log, endOffsets, unfinished?.endOffsets);
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
    openWindows: () => state.openWindows,
    takeLatest: () => (state.unpublished === 0 ? undefined : takeLatest(state)),
    async runBatch() {
      const waiting = await refuseLost(log, endOffsets);
      const end = planBatch(endOffsets, waiting, batchSize);
      return planAndRun(end, isAllOf(waiting, end));
    },
    async runBatchWithoutData() {
      const isMoved = rules.nextWatermark(watermarkMs, maxEventTimeMs, delayMs) > watermarkMs;
      if (!isMoved && !isDue()) return undefined;
      const isAll = isAllOf(await refuseLost(log, endOffsets), endOffsets);
      return isMoved || isAll ? planAndRun([...endOffsets], isAll) : undefined;
    },
  };
}
