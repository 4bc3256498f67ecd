import { join } from "node:path";
import type { Value } from "../event.js";
import type { EventLog } from "../log/log.js";
import type { PriceFormat } from "../schema/price-format.js";
import type { Config } from "../shared/config.js";
import type { Notify } from "../shared/notify.js";
import type { Source } from "../source/source.js";
import { openParquetEncoder } from "../store/parquet-thread.js";
import type { BatchOutput } from "../store/products.js";
import type { Checkpoint } from "../stream/checkpoint.js";
import { kafkaOf } from "./log.js";
import type { Output } from "./output.js";
import { runPipeline } from "./pipeline.js";
import type { PipelineStatus } from "../view/status.js";
import type { PriceQuerySettings } from "./price-query.js";
import { sparkRemoteOf } from "./stack.js";

/** What an engine works on; the same for both. */
export interface EngineParts {
  source: Source<Value>;
  log: EventLog;
  /** Undefined for plain JSON. */
  format: PriceFormat | undefined;
  output: Output;
  checkpoint: Checkpoint;
  query: PriceQuerySettings;
  /** Live sources: run a micro-batch this often. */
  triggerMs: number;
  /** Keep running after a finite source has ended, to process what others append to the log. */
  follow: boolean;
  /** Append all of a finite source before the first batch is planned. */
  appendFirst: boolean;
  /** Called with what each batch adds to the products. Only our own engine calls it. */
  observe(output: BatchOutput): void;
  notify: Notify;
}

/** Computes the products of a source until the source ends or the signal aborts. */
export interface Engine {
  run(
    parts: EngineParts,
    signal: AbortSignal,
    onStatus: (status: PipelineStatus) => void,
  ): Promise<PipelineStatus>;
}

export const ownEngine = (root: string): Engine => ({
  async run({ output: { store }, query, ...parts }, signal, onStatus) {
    const { triggerMs, follow, appendFirst } = parts;
    const options = { ...query, triggerMs, follow, appendFirst };
    const { encode, close } = openParquetEncoder(root);
    try {
      return await runPipeline({ ...parts, store, encode }, options, signal, onStatus);
    } finally {
      await close();
    }
  },
});

/** Spark, through Spark Connect. */
export const sparkEngine = (config: Config, root: string): Engine => ({
  async run({ source, log, format, output, query, triggerMs, follow, notify }, signal, onStatus) {
    notify("Spark is planning and starting the query; this takes a few seconds");
    const { PROTOCOL, connectSpark } = await import("../spark/client.js");
    const { runSparkPipeline } = await import("./spark-pipeline.js");
    const session = connectSpark(sparkRemoteOf(config), join(root, PROTOCOL));
    try {
      const { store, sparkRoot } = output;
      const job = { ...query, ...kafkaOf(config), topic: log.topic, root: sparkRoot };
      const parts = { source, log, format, session, store, notify };
      return await runSparkPipeline(parts, job, { triggerMs, follow }, signal, onStatus);
    } finally {
      session.close();
    }
  },
});
