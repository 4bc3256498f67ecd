import { alerts } from "./alerts.js";
import type { Benchmark } from "./benchmark.js";
import { consume } from "./consume.js";
import { engine } from "./engine.js";
import { hdfs } from "./hdfs.js";
import { medians } from "./median.js";
import { produce } from "./produce.js";
import { runs } from "./runs.js";
import { stackStart } from "./stack-start.js";
import type { Timing } from "./timing.js";
import { windows } from "./windows.js";

// What is measured, in this order: a new figure is its file and a line here.

/** Timed in turn, in seconds. */
export const TIMINGS: readonly Timing[] = [windows, alerts];
/** Measured one after the other, in seconds. */
export const QUICK: readonly Benchmark[] = [engine, medians];
/** Measured in minutes. */
export const SLOW: readonly Benchmark[] = [runs];
/** On the real Kafka, HDFS and Spark. */
export const ON_STACK: readonly Benchmark[] = [stackStart, produce, consume, hdfs];
