import { Counter, Gauge, Registry } from "prom-client";
import type { Feed, StreamView } from "./feed.js";

/** A figure of the stream as Prometheus has it: its name, what it is, and where it comes from. */
type Figure = [name: string, help: string, value: (stream: StreamView) => number | null];

const seconds = (ms: number | null) => (ms === null ? null : ms / 1_000);

const FIGURES: Figure[] = [
  ["events_total", "Valid events since the query began", (s) => s.events],
  ["rejected_total", "Records that were no valid event", (s) => s.rejected],
  ["late_events_total", "Events too late for at least one window", (s) => s.lateEvents],
  [
    "dropped_rows_total",
    "(asset, window) pairs that late events were dropped from",
    (s) => s.droppedRows,
  ],
  ["windows_total", "Windows written", (s) => s.windows],
  ["changes_total", "Windows whose change reached the threshold", (s) => s.changes],
  ["alerts_total", "Alerts raised", (s) => s.alerts],
  ["batches_total", "Micro-batches", (s) => s.batches],
  ["open_windows", "Windows in the state", (s) => s.openWindows],
  ["events_per_second", "Events a second, lately", (s) => s.eventsPerSecond],
  ["batch_duration_seconds", "How long the last micro-batch took", (s) => seconds(s.batchMs)],
  ["watermark_timestamp_seconds", "The watermark", (s) => seconds(s.watermarkMs)],
  ["newest_event_timestamp_seconds", "The newest event time", (s) => seconds(s.newestEventMs)],
];

/** The figures of a stream in Prometheus's text format. */
export function openMetrics(feed: Feed, lag: () => Promise<readonly number[]>) {
  const registry = new Registry();
  for (const [name, help, value] of FIGURES) {
    const metric = { name: `lab_${name}`, help, registers: [registry] };
    // Not a number, where there is none: 0 would be one.
    const current = () => value(feed.snapshot().stream) ?? NaN;
    if (name.endsWith("_total")) {
      new Counter({
        ...metric,
        collect() {
          this.reset();
          this.inc(current());
        },
      });
    } else {
      new Gauge({
        ...metric,
        collect() {
          this.set(current());
        },
      });
    }
  }
  const labelNames = ["partition"];
  new Gauge({
    name: "lab_partition_offset",
    help: "The offset that the next batch starts at",
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
