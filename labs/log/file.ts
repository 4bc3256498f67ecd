import { isAscii } from "node:buffer";
import { join } from "node:path";
import { LabError, diskErrorMessage, errorMessage } from "../shared/errors.js";
import { REPLACEMENT_CHARACTER, valueOf, type Message, type Value } from "../event.js";
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

// The embedded event log: a text file per partition, one line per record, fields separated by tabs:
//
//   offset  timestamp (ms)  key  value
//
// Read it with `cat` or `tail -f`. Backslashes, tabs and line breaks in keys and values are escaped. A value that begins with a
// byte 0, as before a schema id, is \x and the hexadecimal digits of its bytes.

const NEWLINE = 10;
const READ_BYTES = 1024 * 1024;
const TAIL_BYTES = 4 * 1024;
/** How many partitions are synced at once: a process may not open a thousand files. */
const SYNCED_AT_ONCE = 16;
/** Enough bytes for an offset and the tab after it. */
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

/** UTF-8 has no lone surrogates: each is written as U+FFFD. */
const wellFormed = (text: string) => text.replace(/\p{Surrogate}/gu, REPLACEMENT_CHARACTER);

/** A record as it is read from the file. */
const wellFormedRecord = ({ offset, timestampMs, key, value }: LogRecord): LogRecord => ({
  offset,
  timestampMs,
  key: wellFormed(key),
  value: typeof value === "string" ? wellFormed(value) : value,
});

const BYTES = "\\x";
const formatValue = (value: Value): string =>
  typeof value === "string" ? escape(value) : BYTES + value.toString("hex");
const parseValue = (text: string): Value =>
  text.startsWith(BYTES) ? Buffer.from(text.slice(BYTES.length), "hex") : unescape(text);

/** A value as it is read from the file. */
const storedValue = (value: Value): Value =>
  typeof value === "string" && !value.startsWith("\0") ? value : valueOf(Buffer.from(value));

function formatRecord({ offset, timestampMs, key, value }: LogRecord): string {
  return `${offset}\t${timestampMs}\t${escape(key)}\t${formatValue(value)}\n`;
}

/** Parses the whole number in `text` from `start` to before `end`; NaN if there is none. */
function parseWholeNumber(text: string, start: number, end: number): number {
  // Digit by digit: `Number(text.slice(…))` would make reading a record a tenth slower.
  const negative = text.charCodeAt(start) === 45;
  let value = start + (negative ? 1 : 0) < end ? 0 : NaN;
  for (let index = negative ? start + 1 : start; index < end; index++) {
    const digit = text.charCodeAt(index) - 48;
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : NaN;
  }
  return negative ? -value : value;
}

/**
 * Parses the line of `text` from `start` to before `end`; undefined if it is not a record.
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
  return { offset, timestampMs, key: unescape(key), value: parseValue(value) };
}

interface Partition {
  path: string;
  /** The length of the file in bytes: always whole records. */
  size: number;
  startOffset: number;
  endOffset: number;
  /** How many bytes are known to be synced to disk. */
  syncedSize: number;
  /** Where the last read stopped, so that the next one does not have to search. */
  cursor: { offset: number; position: number };
  /** The records of the last append: usually they are read next. A broker has them in the operating system's page cache. */
  recent: LogRecord[];
}

function corrupt(partition: Partition, expected: string): LabError {
  return new LabError(
    `the log ${partition.path} is corrupt: expected ${expected}; start over with --fresh, or choose another --out`,
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
 * Finds the position of a record's line, or of a line shortly before it, by binary search. Offsets are ascending, so no
 * index is needed.
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
      atLeast = 2 * length; // the record is longer than the piece
      continue;
    }
    // Decoding is five times as fast if the bytes are known to be ASCII.
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

/** Opens a file for one operation only: a process may not keep the files of a thousand partitions open. */
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

/** Opens a partition's file and cuts off the torn record that a crash during a write leaves at its end. */
function openPartition(path: string, notify: Notify, disk: Disk): Promise<Partition> {
  return withFile(disk, path, "a+", async (file) => {
    const { size: found } = await file.stat();
    const size = await lineStartBefore(file, found);
    if (size < found) {
      await file.truncate(size);
      notify(`cut a torn record of ${found - size} bytes from the end of ${path}`);
    }
    const cursor = { offset: 0, position: 0 };
    // Nothing is known to be synced: the previous run may have been killed before it synced.
    const partition = {
      path,
      size,
      startOffset: 0,
      endOffset: 0,
      syncedSize: 0,
      cursor,
      recent: [],
    };
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
  // APPEND does not recreate a file that was deleted.
  await withFile(disk, path, APPEND, async (file) => {
    const { size: found } = await file.stat();
    if (found !== size) throw new Error(`expected ${size} bytes, found ${found}`);
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
  // fsync(2) writes all data of the file, also what other file descriptors wrote.
  await withFile(disk, path, APPEND, (file) => file.sync()).catch((error: unknown) => {
    throw new LabError(`cannot sync ${path} to disk: ${diskErrorMessage(error)}`);
  });
  partition.syncedSize = size;
}

/**
 * Opens an event log in a folder, or creates it, with one file `TOPIC-PARTITION.log` per partition. Appended records reach
 * the operating system before `append` returns, so they survive `kill -9` of the process. They survive a power cut once
 * `sync` has returned.
 *
 * @param notify called if a torn record was cut off
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

  async function append(messages: readonly Message<Value>[]): Promise<void> {
    const lines = opened.map(() => "");
    const appended = opened.map((): LogRecord[] => []);
    for (const message of messages) {
      const index = partitionOf(message.key, partitions);
      const records = appended[index]!;
      const { key, timestampMs } = message;
      const value = storedValue(message.value);
      const offset = opened[index]!.endOffset + records.length;
      const record = { offset, timestampMs, key, value };
      records.push(record);
      lines[index] += formatRecord(record);
    }
    for (const [index, partition] of opened.entries()) {
      const records = appended[index]!;
      partition.recent = [];
      if (records.length === 0) continue;
      const bytes = Buffer.from(lines[index]!);
      await appendBytes(partition, bytes, disk);
      partition.endOffset += records.length;
      partition.recent = isAscii(bytes) ? records : records.map(wellFormedRecord);
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
    const { recent } = partition;
    const first = endOffset - recent.length;
    if (from >= first) {
      yield recent.slice(from - first, to - first);
      return;
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
