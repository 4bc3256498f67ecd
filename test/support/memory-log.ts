import type { EventLog, LogRecord } from "../../labs/log/log.js";
import { partitionOf } from "../../labs/log/partition.js";

/** An event log in memory, for one topic. */
export function memoryLog(partitions: number): EventLog & { records: LogRecord[][] } {
  const records = Array.from({ length: partitions }, () => [] as LogRecord[]);
  return {
    topic: "t",
    partitions,
    records,
    append: (messages) => {
      for (const message of messages) {
        const partition = records[partitionOf(message.key, partitions)]!;
        partition.push({ ...message, offset: partition.length });
      }
      return Promise.resolve();
    },
    endOffsets: () => Promise.resolve(records.map(({ length }) => length)),
    async *read(partition, from, to) {
      await Promise.resolve();
      if (from < to) yield records[partition]!.slice(from, to);
    },
    close: () => Promise.resolve(),
  };
}
