import type { ExecutePlanResponse } from "./protocol.js";

/** A running stream: Spark's `StreamingQuery`. */
export interface StreamingQuery {
  /** The same over restarts from one checkpoint. */
  readonly id: string;
  /** Another one for each start. */
  readonly runId: string;
  readonly name: string;
  /** The progress of the last batches, oldest first, in Spark's own JSON. */
  recentProgress(): Promise<SparkProgress[]>;
  isActive(): Promise<boolean>;
  /** Spark's message if the query has failed. */
  exception(): Promise<string | undefined>;
  stop(): Promise<void>;
  /**
   * Waits until the query ends. @returns whether it has; false when the time is over
   * @throws LabError with Spark's message if it failed
   */
  awaitTermination(timeoutMs?: number): Promise<boolean>;
  /** Waits until all that has been in the source when asked is in the sink. */
  processAllAvailable(): Promise<void>;
}

/** What the lab reads of Spark's `StreamingQueryProgress`. */
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
  /** A folder, for files. */
  path?: string;
  /** Files, or a table of the stream's name in the server's memory: for a look only. */
  format: "parquet" | "json" | "memory";
  checkpoint: string;
  name: string;
  /** What of the result a batch writes: the rows that are final, those that changed, or all. Files take the final ones only. */
  outputMode?: "append" | "update" | "complete";
  /** A micro-batch this often; without it all that is available now is read, in batches, and the query ends. */
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
  return {
    ...queryId,
    name,
    recentProgress: async () => {
      const result = await ask({ recentProgress: true });
      const texts = result?.recentProgress?.recentProgressJson ?? [];
      return texts.map((text) => JSON.parse(text) as SparkProgress);
    },
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
