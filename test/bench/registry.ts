import { alerts } from "./alerts.js";
import type { Benchmark } from "./benchmark.js";
import { consume } from "./consume.js";
import { engine } from "./engine.js";
import { hdfs } from "./hdfs.js";
import { latency, stackLatency } from "./latency.js";
import { medians } from "./median.js";
import { produce } from "./produce.js";
import { runs } from "./runs.js";
import { schema } from "./schema.js";
import { spark } from "./spark.js";
import { stackStart } from "./stack-start.js";
import { state } from "./state.js";
import { tape } from "./tape.js";
import type { Timing } from "./timing.js";
import { stackVisible, visible } from "./visible.js";
import { windows } from "./windows.js";

// All benchmarks, in the order in which they run. To add one, write its file and add it here.

/** Timed in alternation; these take seconds. */
export const TIMINGS: readonly Timing[] = [windows, alerts];
/** Run one after the other; these take seconds. */
export const QUICK: readonly Benchmark[] = [engine, medians, schema, visible];
/** These take minutes. */
export const SLOW: readonly Benchmark[] = [state, runs, tape, latency];
/** On the real Kafka, HDFS and Spark. */
export const ON_STACK: readonly Benchmark[] = [
  ...[stackStart, produce, consume, spark, stackVisible, stackLatency, hdfs],
];
