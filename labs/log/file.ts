import { isAscii } from "node:buffer";
import { join } from "node:path";
import { LabError, diskErrorMessage, errorMessage } from "../shared/errors.js";
import type { Message } from "../event.js";
import {
  APPEND,
  makeFolders,
  nodeDisk,
  syncFolder,
  type Disk,
  type DiskOptions,
  type OpenFile,
} from "../shared/files.js";
import type { Notify } from "../shared/notify.js";
import type { EventLog, LogRecord } from "./log.js";
import { partitionOf } from "./partition.js";

// The embedded event log: a text file for each partition, one line a record, fields split by tabs:
//
//   offset  timestamp (ms)  key  value
//
// `cat` shows it, `tail -f` follows it. A backslash, tab or line break inside a key or value is escaped.

const NEWLINE = 10;
const READ_BYTES = 1024 * 1024;
const TAIL_BYTES = 4 * 1024;
/** A process may not have a thousand files open. */
const SYNCED_AT_ONCE = 16;
/** More than an offset and the tab after it need. */
const OFFSET_BYTES = 24;

const ESCAPES: Record<string, string> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
const UNESCAPES: Record<string, string> = { "\\": "\\", n: "\n", r: "\r", t: "\t" };

function escape(text: string): string {
  return /[\\\n\r\t]/.test(text)
    ? text.replace(/[\\\n\r\t]/g, (character) => ESCAPES[character]!)
    : text;
}

function unescape(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => UNESCAPES[character] ?? character);
}

function formatRecord(offset: number, message: Message): string {
  return `${offset}\t${message.timestampMs}\t${escape(message.key)}\t${escape(message.value)}\n`;
}

/** The whole number that `text` writes from `start` to before `end`; NaN if it writes none. */
function parseWholeNumber(text: string, start: number, end: number): number {
  // Digit by digit: this and `Number(text.slice(…))` differ by a tenth of the time to read a record.
  const negative = text.charCodeAt(start) === 45;
  let value = start + (negative ? 1 : 0) < end ? 0 : NaN;
  for (let index = negative ? start + 1 : start; index < end; index++) {
    const digit = text.charCodeAt(index) - 48;
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : NaN;
  }
  return negative ? -value : value;
}

/**
 * Reads the line of `text` that starts at `start` and ends before `end`; undefined if it is no record.
 *
 * @param escaped whether the text may hold escapes
 */
function parseRecord(
  text: string,
  start: number,
  end: number,
  escaped: boolean,
): LogRecord | undefined {
  const first = text.indexOf("\t", start);
  const second = text.indexOf("\t", first + 1);
  const third = text.indexOf("\t", second + 1);
  if (first < 0 || second < 0 || third < 0 || third >= end) return undefined;
  const offset = parseWholeNumber(text, start, first);
  const timestampMs = parseWholeNumber(text, first + 1, second);
  if (Number.isNaN(offset) || Number.isNaN(timestampMs)) return undefined;
  const key = text.slice(second + 1, third);
  const value = text.slice(third + 1, end);
  if (!escaped) return { offset, timestampMs, key, value };
  return { offset, timestampMs, key: unescape(key), value: unescape(value) };
}

interface Partition {
  path: string;
  /** The file's length in bytes: always whole records. */
  size: number;
  startOffset: number;
  endOffset: number;
  /** How much of it is on the disk for certain, bytes. */
  syncedSize: number;
  /** Where the last read stopped, so that the next one need not search. */
  cursor: { offset: number; position: number };
}

function corrupt(partition: Partition, expected: string): LabError {
  return new LabError(
    `the log ${partition.path} is corrupt: expected ${expected}; start over with --fresh, or in another --out`,
  );
}

async function readBytes(file: OpenFile, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** The position just after the last line break before `position`; 0 if there is none. */
async function lineStartBefore(file: OpenFile, position: number): Promise<number> {
  let end = position;
  while (end > 0) {
    const start = Math.max(0, end - TAIL_BYTES);
    const index = (await readBytes(file, start, end - start)).lastIndexOf(NEWLINE);
    if (index >= 0) return start + index + 1;
    end = start;
  }
  return 0;
}

/** The offset of the record whose line starts at a position. */
async function offsetAt(partition: Partition, file: OpenFile, position: number): Promise<number> {
  const text = (await readBytes(file, position, OFFSET_BYTES)).toString("latin1");
  const offset = parseWholeNumber(text, 0, text.indexOf("\t"));
  if (Number.isNaN(offset)) throw corrupt(partition, `a record at byte ${position}`);
  return offset;
}

/**
 * The position of the line of a record, or of one not far before it, found by bisection: offsets only
 * grow, so no index is needed, on disk or in memory.
 */
async function positionNear(partition: Partition, file: OpenFile, offset: number): Promise<number> {
  if (offset === partition.cursor.offset) return partition.cursor.position;
  let low = 0;
  let high = partition.size;
  while (high - low > TAIL_BYTES) {
    const middle = await lineStartBefore(file, low + Math.floor((high - low) / 2));
    if (middle <= low) break; // one record fills the rest of the range
    if ((await offsetAt(partition, file, middle)) > offset) high = middle;
    else low = middle;
  }
  return low;
}

/** The records from offset `from` to before `to`, in pieces of bounded size. */
async function* readRecords(
  partition: Partition,
  file: OpenFile,
  from: number,
  to: number,
): AsyncGenerator<LogRecord[]> {
  const recordBytes = partition.size / (partition.endOffset - partition.startOffset);
  let position = await positionNear(partition, file, from);
  let next = from;
  let atLeast = 0;
  while (next < to) {
    const expectedBytes = (to - next) * recordBytes + TAIL_BYTES;
    const length = Math.max(atLeast, Math.min(Math.ceil(expectedBytes), READ_BYTES));
    const bytes = await readBytes(file, position, length);
    const whole = bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1);
    if (whole.length === 0) {
      if (bytes.length < length) throw corrupt(partition, `a whole record at byte ${position}`);
      atLeast = 2 * length; // one record longer than the piece
      continue;
    }
    // UTF-8 is decoded five times as fast where it is known to be ASCII.
    const ascii = isAscii(whole);
    const text = whole.toString(ascii ? "latin1" : "utf8");
    const escaped = text.includes("\\");
    const records: LogRecord[] = [];
    let start = 0;
    while (start < text.length && next < to) {
      const end = text.indexOf("\n", start);
      const record = parseRecord(text, start, end, escaped);
      if (record === undefined) throw corrupt(partition, `a record near byte ${position}`);
      start = end + 1;
      if (record.offset < from) continue;
      if (record.offset !== next++) throw corrupt(partition, `offset ${next - 1}`);
      records.push(record);
    }
    position += ascii ? start : Buffer.byteLength(text.slice(0, start));
    partition.cursor = { offset: next, position };
    if (records.length > 0) yield records;
  }
}

/**
 * Runs a function with a file, open only meanwhile: of a thousand partitions a process may not keep all open.
 */
async function withFile<T>(
  disk: Disk,
  path: string,
  flags: Parameters<Disk["open"]>[1],
  use: (file: OpenFile) => Promise<T>,
): Promise<T> {
  const file = await disk.open(path, flags);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** Looks into a partition's file, cutting the torn record that a crash in mid-write leaves at its end. */
function openPartition(path: string, notify: Notify, disk: Disk): Promise<Partition> {
  return withFile(disk, path, "a+", async (file) => {
    const { size: found } = await file.stat();
    const size = await lineStartBefore(file, found);
    if (size < found) {
      await file.truncate(size);
      notify(`cut a torn record of ${found - size} bytes from the end of ${path}`);
    }
    const cursor = { offset: 0, position: 0 };
    // Nothing is known to be on the disk: the run before may have been killed before it synced.
    const partition = { path, size, startOffset: 0, endOffset: 0, syncedSize: 0, cursor };
    if (size > 0) {
      partition.startOffset = await offsetAt(partition, file, 0);
      const last = await lineStartBefore(file, size - 1);
      partition.endOffset = 1 + (await offsetAt(partition, file, last));
    }
    return { ...partition, cursor: { offset: partition.startOffset, position: 0 } };
  });
}

async function appendBytes(partition: Partition, bytes: Buffer, disk: Disk): Promise<void> {
  const { path, size } = partition;
  // One that was deleted is not made anew.
  await withFile(disk, path, APPEND, async (file) => {
    const { size: found } = await file.stat();
    if (found !== size) throw new Error(`it has ${found} bytes, and ${size} were expected`);
    try {
      await file.appendFile(bytes);
    } catch (error) {
      await file.truncate(size);
      throw error;
    }
  }).catch((error: unknown) => {
    throw new LabError(`cannot append to ${path}: ${diskErrorMessage(error)}`);
  });
  partition.size += bytes.length;
}

async function syncPartition(partition: Partition, disk: Disk): Promise<void> {
  const { path, size } = partition;
  // Syncing any open file of a path syncs all that was written to it (fsync(2)).
  await withFile(disk, path, APPEND, (file) => file.sync()).catch((error: unknown) => {
    throw new LabError(`cannot write ${path} to the disk: ${diskErrorMessage(error)}`);
  });
  partition.syncedSize = size;
}

/**
 * Opens (creating it where missing) an event log in a folder, one file `TOPIC-PARTITION.log` each.
 * Appends reach the operating system before `append` returns, so they outlive `kill -9` of the
 * process. They outlive a power cut once `sync` returns; those after it may be lost.
 *
 * @param notify is told of a torn record that was cut
 * @throws LabError if a file is not a log
 */
export async function openFileLog(
  folder: string,
  topic: string,
  partitions: number,
  notify: Notify = () => {},
  { sync = true, disk = nodeDisk }: DiskOptions = {},
): Promise<EventLog> {
  await makeFolders(folder, sync, disk);
  const paths = Array.from({ length: partitions }, (_, index) =>
    join(folder, `${topic}-${index}.log`),
  );
  const opened: Partition[] = [];
  for (const path of paths) opened.push(await openPartition(path, notify, disk));
  if (sync) await syncFolder(folder, disk);

  async function append(messages: readonly Message[]): Promise<void> {
    const lines = opened.map(() => "");
    const counts = opened.map(() => 0);
    for (const message of messages) {
      const index = partitionOf(message.key, partitions);
      lines[index] += formatRecord(opened[index]!.endOffset + counts[index]!++, message);
    }
    for (const [index, partition] of opened.entries()) {
      if (counts[index] === 0) continue;
      await appendBytes(partition, Buffer.from(lines[index]!), disk);
      partition.endOffset += counts[index]!;
    }
  }

  async function syncAll(): Promise<void> {
    const unsynced = opened.filter(({ size, syncedSize }) => size !== syncedSize);
    for (let start = 0; start < unsynced.length; start += SYNCED_AT_ONCE) {
      const some = unsynced.slice(start, start + SYNCED_AT_ONCE);
      await Promise.all(some.map((partition) => syncPartition(partition, disk)));
    }
  }

  async function* read(index: number, from: number, to: number): AsyncGenerator<LogRecord[]> {
    if (from >= to) return;
    const partition = opened[index]!;
    const { path, startOffset, endOffset } = partition;
    if (from < startOffset || to > endOffset) {
      throw corrupt(partition, `offsets ${from}–${to - 1}, found ${startOffset}–${endOffset - 1}`);
    }
    const file = await disk.open(path, "r").catch((error: unknown) => {
      throw new LabError(`cannot read ${path}: ${errorMessage(error)}`);
    });
    try {
      yield* readRecords(partition, file, from, to);
    } finally {
      await file.close();
    }
  }

  return {
    topic,
    location: `the log ${folder}`,
    partitions,
    append,
    sync: () => (sync ? syncAll() : Promise.resolve()),
    read,
    startOffsets: () => Promise.resolve(opened.map(({ startOffset }) => startOffset)),
    endOffsets: () => Promise.resolve(opened.map(({ endOffset }) => endOffset)),
    close: () => Promise.resolve(),
  };
}
