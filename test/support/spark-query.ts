import type { SparkProgress, StreamingQuery } from "../../labs/spark/streaming-query.js";

export const TOPIC = "prices";

/** A query that runs only where a test says so. */
export interface ScriptedQuery extends StreamingQuery {
  /** Ends a batch of 10 records, which drops one window row. @param isBatch false: a trigger without data */
  end(batchId: number, isBatch?: boolean): void;
  /** How often it was asked for more than the last progress. */
  longAnswers: number;
  stops: number;
}

/** @param kept how many reports it remembers */
export function scriptedQuery(kept = 300): ScriptedQuery {
  const reports: SparkProgress[] = [];
  return {
    id: "id",
    runId: "run",
    name: "windows",
    longAnswers: 0,
    stops: 0,
    end(batchId, isBatch = true) {
      reports.push({
        batchId,
        durationMs: isBatch ? { addBatch: 1, triggerExecution: batchId } : {},
        eventTime: {
          watermark: new Date(batchId * 1_000).toISOString(),
          max: new Date(1_000_000 - batchId * 1_000).toISOString(),
        },
        stateOperators: [
          { numRowsTotal: batchId, numRowsRemoved: 0, numRowsDroppedByWatermark: 1 },
        ],
        sources: [
          {
            numInputRows: 10,
            processedRowsPerSecond: 1,
            endOffset: JSON.stringify({ [TOPIC]: { 0: 10 * (batchId + 1) } }),
          },
        ],
      });
      reports.splice(0, reports.length - kept);
    },
    lastProgress: () => Promise.resolve(reports.at(-1)),
    recentProgress() {
      this.longAnswers++;
      return Promise.resolve(reports);
    },
    explain: () => Promise.resolve(""),
    isActive: () => Promise.resolve(true),
    exception: () => Promise.resolve(undefined),
    stop() {
      this.stops++;
      return Promise.resolve();
    },
    awaitTermination: () => new Promise((resolve) => setImmediate(resolve, false)),
    processAllAvailable: () => Promise.resolve(),
  };
}
