import type { EventLog, LogRecord } from "../../labs/log/log.js";

/** The records of a partition from offset `from` to before offset `to`. */
export async function readRange(
  log: EventLog,
  partition: number,
  from: number,
  to: number,
): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const piece of log.read(partition, from, to)) records.push(...piece);
  return records;
}
