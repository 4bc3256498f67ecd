import { parseEvent, textOf, type Message, type ObservedEvent } from "../../event.js";
import { memoryLog } from "../../log/memory.js";
import type { AlertRow, WindowRow } from "../../store/products.js";
import { openPriceQuery, type PriceQuerySettings } from "../../run/price-query.js";
import type { Totals } from "../../stream/totals.js";
import { isBehind } from "../../stream/watermark.js";
import { earliestWindowStart } from "../../stream/window.js";

/** An event as processed by a batch. */
export interface TracedEvent extends ObservedEvent {
  /** Whether it was too late for at least one of its windows. */
  late: boolean;
}

/** What one micro-batch did. Times are milliseconds since the epoch. */
export interface TracedBatch {
  batchId: number;
  events: TracedEvent[];
  /** When the last record arrived, of this batch or, if it read nothing, of the batches before it. */
  arrivedMs: number;
  /** W(N−1): windows that end by it are closed to events. Null before there is a watermark. */
  lateWatermarkMs: number | null;
  /** W(N): windows that end by it are emitted. */
  watermarkMs: number | null;
  windows: WindowRow[];
  alerts: AlertRow[];
  /** (asset, window) pairs that late events were dropped from. */
  droppedRows: number;
}

export interface Trace {
  settings: PriceQuerySettings;
  batches: TracedBatch[];
  totals: Readonly<Totals>;
  openWindows: number;
}

/** A checkpoint that stores nothing. */
const NO_CHECKPOINT = {
  writePlan: () => Promise.resolve(),
  commit: () => Promise.resolve(),
  lastCommitted: () => Promise.resolve(undefined),
  unfinished: () => Promise.resolve(undefined),
  lastPlan: () => Promise.resolve(undefined),
  recordLatest: () => Promise.resolve(),
};

/**
 * Runs the engine over messages in memory and records what each batch did, for figures of windows and watermarks.
 *
 * @param partitions the number of partitions of the topic
 */
export async function traceQuery(
  messages: readonly Message[],
  settings: PriceQuerySettings,
  partitions = 1,
): Promise<Trace> {
  const { windows } = settings;
  const log = memoryLog(partitions);
  await log.append(messages);
  const waiting = await log.endOffsets();
  const batches: TracedBatch[] = [];
  let emitted: WindowRow[] = [];
  let raised: AlertRow[] = [];
  const query = await openPriceQuery(
    log,
    NO_CHECKPOINT,
    (output) => {
      emitted = output.windows;
      raised = output.alerts;
      return Promise.resolve();
    },
    settings,
  );
  for (;;) {
    const from = query.offsets;
    const lateWatermarkMs = query.watermarkMs;
    const isRead = from.every((offset, partition) => offset === waiting[partition]);
    const progress = isRead ? await query.runBatchWithoutData() : await query.runBatch();
    if (progress === undefined) break;
    const events = log.records.flatMap((records, partition) =>
      records
        .slice(from[partition], query.offsets[partition])
        .flatMap(({ value, timestampMs }): TracedEvent[] => {
          const event = parseEvent(textOf(value), timestampMs);
          if (typeof event === "string") return [];
          const firstEndMs = earliestWindowStart(windows, event.eventTimeMs) + windows.windowMs;
          const late = isBehind(firstEndMs, lateWatermarkMs);
          return [{ ...event, arrivalTimeMs: timestampMs, late }];
        }),
    );
    batches.push({
      batchId: progress.batchId,
      events,
      arrivedMs: Math.max(
        batches.at(-1)?.arrivedMs ?? -Infinity,
        ...events.map(({ arrivalTimeMs }) => arrivalTimeMs),
      ),
      lateWatermarkMs,
      watermarkMs: query.watermarkMs,
      windows: emitted,
      alerts: raised,
      droppedRows: progress.counts.droppedRows ?? 0,
    });
  }
  return { settings, batches, totals: query.totals, openWindows: query.openWindows() };
}

/** The benefit and the cost of a watermark delay. */
export interface DelayCost {
  /** The fraction of events that are in all of their windows, 0 to 1. */
  completeness: number;
  /** The mean time from a window's end to its emission, in arrival time, milliseconds. */
  meanResultDelayMs: number;
}

/** Computes the benefit and the cost of a trace's watermark delay. */
export function delayCost({ batches, totals }: Trace): DelayCost {
  let sumMs = 0;
  let count = 0;
  for (const { windows, arrivedMs } of batches) {
    for (const { window_end } of windows) {
      sumMs += arrivedMs - window_end;
      count++;
    }
  }
  return {
    completeness: 1 - totals.lateEvents / totals.events,
    meanResultDelayMs: count === 0 ? 0 : sumMs / count,
  };
}
