import { parseEvent, type Message, type ObservedEvent } from "../../event.js";
import { memoryLog } from "../../log/memory.js";
import type { AlertRow, WindowRow } from "../../store/products.js";
import { openPriceQuery, type PriceQuerySettings } from "../../run/price-query.js";
import type { Totals } from "../../stream/totals.js";
import { isBehind } from "../../stream/watermark.js";
import { earliestWindowStart } from "../../stream/window.js";

/** An event as a batch met it. */
export interface TracedEvent extends ObservedEvent {
  /** Whether it came too late for at least one of its windows. */
  late: boolean;
}

/** One micro-batch, looked at from outside. Times are milliseconds since the epoch. */
export interface TracedBatch {
  batchId: number;
  events: TracedEvent[];
  /** When the batch's last record arrived; that of the batch before where this one read nothing. */
  arrivedMs: number;
  /** W(N−1): what is behind it is late. Null before there is a watermark. */
  lateWatermarkMs: number | null;
  /** W(N): windows that end by it are emitted. */
  watermarkMs: number | null;
  /** The windows that this batch emitted. */
  windows: WindowRow[];
  /** What the settings' alert rules raised. */
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

/** A checkpoint that keeps nothing. */
const FORGETFUL = {
  writePlan: () => Promise.resolve(),
  commit: () => Promise.resolve(),
  lastCommitted: () => Promise.resolve(undefined),
  unfinished: () => Promise.resolve(undefined),
  lastPlan: () => Promise.resolve(undefined),
  recordLatest: () => Promise.resolve(),
};

/**
 * Runs the engine itself over messages that are all there, in memory, and notes what each of its batches did: for
 * pictures of windows and watermarks.
 *
 * @param partitions of the topic that the messages are appended to
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
    FORGETFUL,
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
          const event = parseEvent(value, timestampMs);
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

/** How good a watermark's delay is. */
export interface DelayCost {
  /** Events that are in all of their windows, of all: 0 to 1. */
  completeness: number;
  /** How long after its end a window was emitted, by arrival time, on average: milliseconds. */
  meanResultDelayMs: number;
}

/** What a delay bought, and what it cost. */
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
