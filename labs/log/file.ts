import { mkdir, open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { LabError, errorMessage } from "../errors.js";
import type { Message } from "../event.js";
import type { EventLog, LogRecord } from "./log.js";
import { partitionOf } from "./partition.js";

// The embedded event log: a text file for each partition, one line a record, fields split by tabs:
//
//   offset  timestamp (ms)  key  value
//
// `cat` shows it, `tail -f` follows it. A backslash, tab or line break inside a key or value is escaped.

const NEWLINE = 10;
const READ_BYTES = 256 * 1024;
const TAIL_BYTES = 4 * 1024;

const ESCAPES: Record<string, string> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
const UNESCAPES: Record<string, string> = { "\\": "\\", n: "\n", r: "\r", t: "\t" };

function escape(text: string): string {
  return /[\\\n\r\t]/.test(text)
    ? text.replace(/[\\\n\r\t]/g, (character) => ESCAPES[character]!)
    : text;
}

function unescape(text: string): string {
  return text.includes("\\")
    ? text.replace(/\\(.)/g, (_, character: string) => UNESCAPES[character] ?? character)
    : text;
}

function formatRecord(offset: number, message: Message): string {
  return `${offset}\t${message.timestampMs}\t${escape(message.key)}\t${escape(message.value)}\n`;
}

/** Reads the line of `text` that starts at `start` and ends before `end`; undefined if it is no record. */
function parseRecord(text: string, start: number, end: number): LogRecord | undefined {
  const first = text.indexOf("\t", start);
  const second = text.indexOf("\t", first + 1);
  const third = text.indexOf("\t", second + 1);
  if (first < 0 || second < 0 || third < 0 || third >= end) return undefined;
  const offset = Number(text.slice(start, first));
  const timestampMs = Number(text.slice(first + 1, second));
  if (first === start || !Number.isInteger(offset) || !Number.isFinite(timestampMs)) {
    return undefined;
  }
  return {
    offset,
    timestampMs,
    key: unescape(text.slice(second + 1, third)),
    value: unescape(text.slice(third + 1, end)),
  };
}

interface Partition {
  path: string;
  file: FileHandle;
  /** The file's length in bytes: always whole records. */
  size: number;
  endOffset: number;
  /** Where the last read stopped, so that the next one need not search. */
  cursor: { offset: number; position: number };
}

function corrupt(partition: Partition, expected: string): LabError {
  return new LabError(
    `the log ${partition.path} is corrupt: expected ${expected}; start over with --fresh, or in another --out`,
  );
}

async function readBytes(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** The position just after the last line break before `position`; 0 if there is none. */
async function lineStartBefore(file: FileHandle, position: number): Promise<number> {
  let end = position;
  while (end > 0) {
    const start = Math.max(0, end - TAIL_BYTES);
    const index = (await readBytes(file, start, end - start)).lastIndexOf(NEWLINE);
    if (index >= 0) return start + index + 1;
    end = start;
  }
  return 0;
}

/** The records whose lines start at `position` or later and end by `end`, in pieces. */
async function* readRecords(
  partition: Partition,
  position: number,
  end: number,
): AsyncGenerator<{ records: LogRecord[]; position: number }> {
  let length = READ_BYTES;
  while (position < end) {
    const bytes = await readBytes(partition.file, position, Math.min(length, end - position));
    const used = bytes.lastIndexOf(NEWLINE) + 1;
    if (used === 0) {
      if (bytes.length < length) throw corrupt(partition, `a whole record at byte ${position}`);
      length *= 2; // one record longer than the piece
      continue;
    }
    const text = bytes.toString("utf8", 0, used);
    const records: LogRecord[] = [];
    for (let start = 0; start < text.length;) {
      const lineEnd = text.indexOf("\n", start);
      const record = parseRecord(text, start, lineEnd);
      if (record === undefined) throw corrupt(partition, `a record near byte ${position}`);
      records.push(record);
      start = lineEnd + 1;
    }
    position += used;
    yield { records, position };
  }
}

/**
 * A position at or before the line of a record, found by bisection: offsets only grow, so no index
 * is needed, on disk or in memory.
 */
async function positionNear(partition: Partition, offset: number): Promise<number> {
  if (offset === partition.cursor.offset) return partition.cursor.position;
  let low = 0;
  let high = partition.size;
  while (high - low > READ_BYTES) {
    const middle = await lineStartBefore(partition.file, low + Math.floor((high - low) / 2));
    if (middle <= low) break; // one record fills the rest of the range
    const piece = await readRecords(partition, middle, partition.size).next();
    if (piece.done === true || piece.value.records[0]!.offset > offset) high = middle;
    else low = middle;
  }
  return low;
}

/** Opens a partition's file, cutting the torn record that a crash in mid-write leaves at its end. */
async function openPartition(path: string, report: (notice: string) => void): Promise<Partition> {
  const file = await open(path, "a+");
  const { size: found } = await file.stat();
  const size = await lineStartBefore(file, found);
  if (size < found) {
    await file.truncate(size);
    report(`cut a torn record of ${found - size} bytes from the end of ${path}`);
  }
  const partition = { path, file, size, endOffset: 0, cursor: { offset: 0, position: 0 } };
  if (size > 0) {
    const start = await lineStartBefore(file, size - 1);
    for await (const { records } of readRecords(partition, start, size)) {
      partition.endOffset = records.at(-1)!.offset + 1;
    }
  }
  return partition;
}

/**
 * Opens (creating it where missing) an event log in a folder, one file `TOPIC-PARTITION.log` each.
 * Appends reach the operating system before `append` returns, so they outlive `kill -9` of the
 * process; they are not forced to the disk, as Kafka's are not, so a power cut may cost the last ones.
 *
 * @param report is told of a torn record that was cut
 * @throws LabError if a file is not a log
 */
export async function openFileLog(
  folder: string,
  partitions: number,
  report: (notice: string) => void = () => {},
): Promise<EventLog> {
  await mkdir(folder, { recursive: true });
  const topics = new Map<string, Promise<Partition[]>>();

  function openTopic(topic: string): Promise<Partition[]> {
    let opened = topics.get(topic);
    if (opened === undefined) {
      const paths = Array.from({ length: partitions }, (_, p) => join(folder, `${topic}-${p}.log`));
      opened = Promise.all(paths.map((path) => openPartition(path, report)));
      topics.set(topic, opened);
    }
    return opened;
  }

  async function append(topic: string, messages: readonly Message[]): Promise<void> {
    const opened = await openTopic(topic);
    const lines = opened.map(() => "");
    const counts = opened.map(() => 0);
    for (const message of messages) {
      const index = partitionOf(message.key, partitions);
      lines[index] += formatRecord(opened[index]!.endOffset + counts[index]!++, message);
    }
    for (const [index, partition] of opened.entries()) {
      if (counts[index] === 0) continue;
      const bytes = Buffer.from(lines[index]!);
      try {
        await partition.file.appendFile(bytes);
      } catch (error) {
        await partition.file.truncate(partition.size);
        throw new LabError(`cannot append to ${partition.path}: ${errorMessage(error)}`);
      }
      partition.size += bytes.length;
      partition.endOffset += counts[index]!;
    }
  }

  async function* read(
    topic: string,
    partitionIndex: number,
    from: number,
    to: number,
  ): AsyncGenerator<LogRecord[]> {
    const partition = (await openTopic(topic))[partitionIndex]!;
    if (from >= to) return;
    if (to > partition.endOffset) throw corrupt(partition, `records up to offset ${to - 1}`);
    let expected = from;
    const start = await positionNear(partition, from);
    for await (const piece of readRecords(partition, start, partition.size)) {
      const records = piece.records.filter(({ offset }) => offset >= from && offset < to);
      for (const record of records) {
        if (record.offset !== expected++) throw corrupt(partition, `offset ${expected - 1}`);
      }
      if (expected === to && piece.records.at(-1)!.offset === to - 1) {
        partition.cursor = { offset: to, position: piece.position };
      }
      if (records.length > 0) yield records;
      if (expected === to) return;
    }
    throw corrupt(partition, `offset ${expected}`);
  }

  return {
    partitions,
    append,
    read,
    endOffsets: async (topic) => (await openTopic(topic)).map(({ endOffset }) => endOffset),
    close: async () => {
      for (const opened of topics.values()) {
        for (const { file } of await opened) await file.close();
      }
    },
  };
}
