import type { ExecutePlanResponse } from "./protocol.js";

/** How long to wait for queries to stop after a failure, which may be Spark's own end. */
export const STOP_TIMEOUT_MS = 5_000;

/** A streaming query on the server: Spark's `StreamingQuery`. */
export interface StreamingQuery {
  /** Stays the same when the query is restarted from its checkpoint. */
  readonly id: string;
  /** Different for each start. */
  readonly runId: string;
  readonly name: string;
  /** The progress of the most recent batch; undefined before the first. */
  lastProgress(): Promise<SparkProgress | undefined>;
  /** The progress of the most recent batches, oldest first: 100, or `spark.sql.streaming.numRecentProgressUpdates`. */
  recentProgress(): Promise<SparkProgress[]>;
  /** The physical plan of the most recent batch, as text. */
  explain(): Promise<string>;
  isActive(): Promise<boolean>;
  /** Spark's message if the query has failed. */
  exception(): Promise<string | undefined>;
  stop(): Promise<void>;
  /**
   * Waits until the query ends or the time is over.
   *
   * @returns whether the query has ended
   * @throws LabError with Spark's message if the query failed
   */
  awaitTermination(timeoutMs?: number): Promise<boolean>;
  /** Waits until all data that is now in the source has been processed and written to the sink. */
  processAllAvailable(): Promise<void>;
}

/** The fields of Spark's `StreamingQueryProgress` that the lab reads. */
export interface SparkProgress {
  batchId: number;
  durationMs: Record<string, number>;
  eventTime?: { watermark?: string; max?: string };
  stateOperators: {
    numRowsTotal: number;
    numRowsRemoved: number;
    numRowsDroppedByWatermark: number;
  }[];
  /** `endOffset` is JSON: `{"topic":{"0":123}}`. */
  sources: { endOffset?: string; numInputRows: number; processedRowsPerSecond: number }[];
}

export interface WriteStreamOptions {
  /** The output folder; only for files. */
  path?: string;
  /** The sink: files, a topic, or a table in the server's memory with the query's name (for lessons). */
  format: "parquet" | "json" | "kafka" | "memory";
  /** Options of the sink; for Kafka `kafka.bootstrap.servers` and `topic`. */
  options?: Record<string, string>;
  checkpoint: string;
  name: string;
  /** Which rows of the result a batch writes: final rows, changed rows, or all. The file sink supports only append. */
  outputMode?: "append" | "update" | "complete";
  /** Run a micro-batch this often. If undefined: process the data available now, in batches, and end (`availableNow`). */
  everyMs?: number;
}

/** @param execute runs a plan on the server that the query runs on */
export function streamingQuery(
  execute: (plan: object) => Promise<ExecutePlanResponse[]>,
  queryId: { id: string; runId: string },
  name: string,
): StreamingQuery {
  async function ask(command: object) {
    const responses = await execute({
      command: { streamingQueryCommand: { queryId, ...command } },
    });
    return responses.find((each) => each.streamingQueryCommandResult)?.streamingQueryCommandResult;
  }
  async function exception(): Promise<string | undefined> {
    const result = await ask({ exception: true });
    return result?.exception?.exceptionMessage || undefined;
  }
  async function progress(which: "lastProgress" | "recentProgress"): Promise<SparkProgress[]> {
    const result = await ask({ [which]: true });
    const texts = result?.recentProgress?.recentProgressJson ?? [];
    return texts.map((text) => JSON.parse(text) as SparkProgress);
  }
  return {
    ...queryId,
    name,
    lastProgress: async () => (await progress("lastProgress"))[0],
    recentProgress: () => progress("recentProgress"),
    explain: async () => (await ask({ explain: { extended: false } }))?.explain?.result ?? "",
    isActive: async () => (await ask({ status: true }))?.status?.isActive ?? false,
    exception,
    stop: async () => void (await ask({ stop: true })),
    processAllAvailable: async () => void (await ask({ processAllAvailable: true })),
    awaitTermination: async (timeoutMs) => {
      const command = timeoutMs === undefined ? {} : { timeoutMs };
      const awaited = await ask({ awaitTermination: command });
      return timeoutMs === undefined || awaited?.awaitTermination?.terminated === true;
    },
  };
}
