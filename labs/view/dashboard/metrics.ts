import { Counter, Gauge, Registry } from "prom-client";
import { TOTALS, TOTAL_NAMES } from "../../stream/totals.js";
import type { Feed } from "./feed.js";
import type { StreamView } from "./views.js";

interface Metric {
  name: string;
  help: string;
  /** Null if unknown. */
  value: (stream: StreamView) => number | null;
}

const seconds = (ms: number | null) => (ms === null ? null : ms / 1_000);

const COUNTERS: Metric[] = TOTAL_NAMES.map((name) => ({
  name: `${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_total`,
  help: TOTALS[name].help,
  value: (stream) => stream[name],
}));

const GAUGES: Metric[] = [
  {
    name: "open_windows",
    help: "Windows in the state",
    value: ({ openWindows }) => openWindows,
  },
  {
    name: "events_per_second",
    help: "Events per second over the last seconds",
    value: ({ eventsPerSecond }) => eventsPerSecond,
  },
  {
    name: "batch_duration_seconds",
    help: "Duration of the last micro-batch",
    value: ({ batchMs }) => seconds(batchMs),
  },
  {
    name: "watermark_timestamp_seconds",
    help: "The watermark",
    value: ({ watermarkMs }) => seconds(watermarkMs),
  },
  {
    name: "newest_event_timestamp_seconds",
    help: "The newest event time",
    value: ({ newestEventMs }) => seconds(newestEventMs),
  },
];

/** The state of a stream in Prometheus's text format. */
export function openMetrics(feed: Feed, lag: () => Promise<readonly number[]>) {
  const registry = new Registry();
  const configOf = ({ name, help }: Metric) => ({
    name: `lab_${name}`,
    help,
    registers: [registry],
  });
  /** NaN if unknown: 0 would be a value. */
  const current = ({ value }: Metric) => value(feed.snapshot().stream) ?? NaN;
  for (const metric of COUNTERS) {
    new Counter({
      ...configOf(metric),
      collect() {
        this.reset();
        this.inc(current(metric));
      },
    });
  }
  for (const metric of GAUGES) {
    new Gauge({
      ...configOf(metric),
      collect() {
        this.set(current(metric));
      },
    });
  }
  const labelNames = ["partition"];
  new Gauge({
    name: "lab_partition_offset",
    help: "The offset at which the next batch starts",
    labelNames,
    registers: [registry],
    collect() {
      const { offsets } = feed.snapshot().stream;
      for (const [partition, offset] of offsets.entries()) this.set({ partition }, offset);
    },
  });
  new Gauge({
    name: "lab_partition_lag",
    help: "Records of the topic that no batch has read yet",
    labelNames,
    registers: [registry],
    async collect() {
      this.reset();
      for (const [partition, records] of (await lag()).entries()) this.set({ partition }, records);
    },
  });
  return { contentType: registry.contentType, text: () => registry.metrics() };
}
