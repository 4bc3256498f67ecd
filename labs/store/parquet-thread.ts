import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { LabError, errorMessage } from "../shared/errors.js";
import {
  encodeParquet,
  tableOf,
  type Columns,
  type ColumnValues,
  type Encode,
  type Table,
} from "./parquet.js";

/** Starting a thread takes about a second, so a run that writes fewer files than this starts none. */
const FILES_WITHOUT_THREAD = 50;
/** The module of the thread, relative to the project's root. */
const WORKER = "labs/store/parquet-worker.mjs";

/** What the thread is asked. */
export interface EncodeRequest {
  id: number;
  columns: Columns;
  table: Table;
}

/** What the thread answers: first that it has started, then the content or the error of each request. */
export type EncodeAnswer =
  { started: true } | { id: number; content: Uint8Array } | { id: number; error: string };

/** Encodes Parquet files in a thread. */
export interface ParquetEncoder {
  /** @throws LabError as `encodeParquet` does, or if the thread has stopped */
  encode: Encode;
  close(): Promise<void>;
}

/**
 * Encodes Parquet files in a thread, while this one computes the next batch: encoding would otherwise take a quarter of its
 * time. Rows are sent by column, because sending them as objects would cost as much as encoding them. The first files are
 * encoded here, until the thread has started.
 *
 * @param root the project's root
 */
export function openParquetEncoder(root: string): ParquetEncoder {
  let files = 0;
  let thread: ParquetThread | undefined;
  return {
    async encode(columns, rows) {
      if (++files > FILES_WITHOUT_THREAD) thread ??= startParquetThread(root);
      return thread?.hasStarted() ? thread.encode(columns, rows) : encodeParquet(columns, rows);
    },
    async close() {
      await thread?.close();
    },
  };
}

export interface ParquetThread extends ParquetEncoder {
  hasStarted(): boolean;
}

/** Starts a thread. Files to be encoded wait until it has started. */
export function startParquetThread(root: string): ParquetThread {
  const worker = new Worker(join(root, WORKER));
  const waiting = new Map<number, { resolve(content: Buffer): void; reject(error: Error): void }>();
  let requests = 0;
  let hasStarted = false;
  let failure: LabError | undefined;

  function fail(why: string): void {
    failure ??= new LabError(`the thread that encodes Parquet files has stopped: ${why}`);
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
  }
  worker.on("error", (error) => fail(errorMessage(error)));
  worker.on("exit", (code) => fail(`exit code ${code}`));
  worker.on("message", (answer: EncodeAnswer) => {
    if ("started" in answer) {
      hasStarted = true;
      return;
    }
    const { resolve, reject } = waiting.get(answer.id)!;
    waiting.delete(answer.id);
    if ("error" in answer) reject(new LabError(answer.error));
    else resolve(Buffer.from(answer.content.buffer as ArrayBuffer));
  });

  return {
    hasStarted: () => hasStarted || failure !== undefined,
    encode: (...[columns, rows]: Parameters<Encode>) =>
      new Promise<Buffer>((resolve, reject) => {
        if (failure !== undefined) throw failure;
        const request: EncodeRequest = { id: requests++, columns, table: tableOf(columns, rows) };
        waiting.set(request.id, { resolve, reject });
        worker.postMessage(request, request.table.values.flatMap(bufferOf));
      }),
    async close() {
      await worker.terminate();
    },
  };
}

/** The memory of a column that can be handed over to the thread instead of being copied. */
const bufferOf = (values: ColumnValues) =>
  Array.isArray(values) ? [] : [values.buffer as ArrayBuffer];
