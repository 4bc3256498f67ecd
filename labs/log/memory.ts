import { valueOf } from "../event.js";
import type { EventLog, LogRecord } from "./log.js";
import { partitionOf } from "./partition.js";

/** An event log in memory, for lessons and tests. */
export function memoryLog(
  partitions: number,
  topic = "memory",
): EventLog & { records: LogRecord[][] } {
  const records = Array.from({ length: partitions }, () => [] as LogRecord[]);
  return {
    topic,
    location: `the log ${topic} in memory`,
    partitions,
    records,
    append: (messages) => {
      for (const message of messages) {
        const partition = records[partitionOf(message.key, partitions)]!;
        const value = valueOf(Buffer.from(message.value));
        partition.push({ ...message, value, offset: partition.length });
      }
      return Promise.resolve();
    },
    startOffsets: () => Promise.resolve(records.map(() => 0)),
    sync: () => Promise.resolve(),
    endOffsets: () => Promise.resolve(records.map(({ length }) => length)),
    async *read(partition, from, to) {
      await Promise.resolve();
      if (from < to) yield records[partition]!.slice(from, to);
    },
    close: () => Promise.resolve(),
  };
}
