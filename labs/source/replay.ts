import { createHash } from "node:crypto";
import { createReadStream, type ReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { parse as parseCsv } from "csv-parse/sync";
import { LabError, errorCode, errorMessage } from "../shared/errors.js";
import { JSON_NUMBER, parseFields, type Message } from "../event.js";
import { parseTimeMs } from "../shared/time.js";
import { MAX_RECORD_LENGTH, cutText, withinLimit } from "./limit.js";
import { SPEED } from "./pace.js";
import type { Source, SourceCommand } from "./source.js";

/** The default tape, relative to the project's root; see the README in its folder. */
export const DEFAULT_TAPE = "labs/source/tapes/bitcoin-trades-2020-02-22.csv.gz";

const REQUIRED_COLUMNS = ["asset", "price_usd", "event_time"];

export interface ReplayOptions {
  /** A `.csv` or `.jsonl` file, plain or `.gz`, in order of arrival. */
  tape: string;
  /** Replay these assets only; all by default. */
  assets?: readonly string[];
  /** See `Source.speed`. */
  speed?: number;
}

/** The fields of a CSV line; undefined if a quote is not closed. */
function csvFields(line: string): string[] | undefined {
  if (!line.includes('"')) return line.split(",").map((field) => field.trim());
  try {
    const [fields] = parseCsv(line, { trim: true, relax_column_count: true }) as string[][];
    return fields;
  } catch {
    return undefined;
  }
}

/** A line of a tape: the message's value, and the fields that the replay itself needs. The engine validates the event. */
interface TapeLine {
  value: string;
  asset: string;
  eventTime: string;
  arrivalTime: string;
}

/** Converts a CSV line, with its event as JSON. A malformed line gets a value that `parseEvent` rejects with a reason. */
function csvTapeLine(line: string, columns: readonly string[]): TapeLine {
  const fields = csvFields(line);
  if (fields === undefined) return { value: line, asset: "", eventTime: "", arrivalTime: "" };
  const field = (column: string) => fields[columns.indexOf(column)];
  const members: string[] = [];
  for (const column of REQUIRED_COLUMNS) {
    const text = field(column);
    if (text === undefined) continue;
    const isNumber = column === "price_usd" && JSON_NUMBER.test(text);
    members.push(`"${column}":${isNumber ? text : JSON.stringify(text)}`);
  }
  const arrivalTime = field("arrival_time") ?? "";
  if (arrivalTime !== "" && Number.isNaN(parseTimeMs(arrivalTime))) {
    members.push(`"arrival_time":${JSON.stringify(arrivalTime)}`);
  }
  return {
    value: `{${members.join(",")}}`,
    asset: field("asset") ?? "",
    eventTime: field("event_time") ?? "",
    arrivalTime,
  };
}

/** Replaces a line that is too long. */
interface CutLine {
  value: string;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function jsonTapeLine(value: string): TapeLine {
  let fields: Record<string, unknown> = {};
  try {
    const parsed = parseFields(value);
    if (typeof parsed === "object" && parsed !== null) fields = parsed as Record<string, unknown>;
  } catch {
    // Not JSON: it goes to the log unchanged, without a key.
  }
  return {
    value,
    asset: text(fields["asset"]),
    eventTime: text(fields["event_time"]),
    arrivalTime: text(fields["arrival_time"]),
  };
}

/** The column names in a tape's header. @throws LabError if a column is missing */
function csvColumns(tape: string, header: string): string[] {
  const columns = (csvFields(header.replace(/^\uFEFF/, "")) ?? []).map((name) =>
    name.toLowerCase(),
  );
  const missing = REQUIRED_COLUMNS.filter((column) => !columns.includes(column));
  if (missing.length > 0) {
    throw new LabError(
      `the tape ${tape} has no column ${missing.join(", ")}: expected the first line asset,price_usd,event_time[,arrival_time], found ${JSON.stringify(header.slice(0, 80))}`,
    );
  }
  return columns;
}

/**
 * The size of a tape in bytes. A tape must be a regular file, because it is read several times: for its digest, for its
 * events, and again when a run continues. Opening a pipe (FIFO) would block.
 *
 * @throws LabError if it is not a regular file
 */
async function regularFileSize(tape: string): Promise<number> {
  const found = await stat(tape).catch((error: unknown) => {
    throw new LabError(`cannot read the tape ${tape}: ${errorMessage(error)}`);
  });
  if (found.isFile()) return found.size;
  const what = found.isDirectory() ? "a folder" : found.isFIFO() ? "a pipe" : "a device or socket";
  throw new LabError(
    `cannot read the tape ${tape}: expected a regular file, found ${what}; save its content to a file first`,
  );
}

/** A digest that identifies a tape by its content, wherever the file is. @throws LabError if it cannot be read */
export async function tapeDigest(tape: string): Promise<string> {
  const hash = createHash("sha256");
  await regularFileSize(tape);
  try {
    await pipeline(createReadStream(tape), hash);
  } catch (error) {
    throw new LabError(`cannot read the tape ${tape}: ${errorMessage(error)}`);
  }
  return hash.digest("hex").slice(0, 16);
}

/** Explains why a file cannot be read; zlib's own messages are written for programmers. */
function readFailure(error: unknown): string {
  switch (errorCode(error)) {
    case "Z_BUF_ERROR":
      return "its gzip data is incomplete: copy or download it again";
    case "Z_DATA_ERROR":
      return `it is not valid gzip data (${errorMessage(error)}): copy it again, or remove .gz from its name if it is not compressed`;
    default:
      return errorMessage(error);
  }
}

/** Reads a tape up to its first event. @throws LabError if it cannot be read or has no events */
async function requireEvents(tape: Source): Promise<void> {
  const messages = tape.messages(new AbortController().signal)[Symbol.asyncIterator]();
  await messages.next();
  await messages.return?.();
}

/**
 * Replays a recorded tape with the columns (or JSON fields) asset, price_usd, event_time and, optionally, arrival_time. The
 * message's timestamp is the arrival time, or the event time if the tape has no arrival time.
 */
export function replay({ tape, assets, speed }: ReplayOptions): Source {
  const format = /\.(csv|jsonl)(\.gz)?$/.exec(tape);
  if (format === null) {
    throw new LabError(`the tape ${tape} must be a .csv or .jsonl file, plain or .gz`);
  }
  const isCsv = format[1] === "csv";
  const isGzipped = format[2] !== undefined;
  let file: ReadStream | undefined;
  let size = 0;

  /** The lines of the tape. Only the beginning of a line that is too long (it may be the whole file) is kept in memory. */
  async function* lines(): AsyncGenerator<(string | CutLine)[]> {
    file = createReadStream(tape);
    const plain = isGzipped ? file.pipe(createGunzip()) : file;
    file.on("error", (error) => plain.destroy(error)); // pipe() does not forward errors
    let rest = "";
    let restLength = 0;
    const add = (text: string) => {
      if (restLength <= MAX_RECORD_LENGTH) rest += text;
      restLength += text.length;
    };
    const line = () =>
      restLength > MAX_RECORD_LENGTH ? { value: cutText(rest, restLength) } : rest;
    try {
      for await (const text of plain.setEncoding("utf8")) {
        const whole: (string | CutLine)[] = (text as string).split("\n");
        const last = whole.pop() as string;
        if (whole.length > 0) {
          add(whole[0] as string);
          whole[0] = line();
          yield whole;
          rest = "";
          restLength = 0;
        }
        add(last);
      }
      yield [line()];
    } catch (error) {
      if (error instanceof LabError) throw error;
      throw new LabError(`cannot read the tape ${tape}: ${readFailure(error)}`);
    } finally {
      file.destroy();
    }
  }

  async function* recorded(signal: AbortSignal): AsyncGenerator<Message[]> {
    const wanted = assets === undefined ? undefined : new Set(assets);
    const seen = new Set<string>();
    let columns: string[] | undefined;
    let lastTimestampMs = 0;
    let count = 0;
    size = await regularFileSize(tape);
    const empty = new LabError(`the tape ${tape} has no events: choose another --tape`);
    if (size === 0) throw empty; // an empty file is not valid gzip data
    function read(untrimmed: string | CutLine): Message | undefined {
      if (typeof untrimmed !== "string") {
        if (isCsv && columns === undefined) csvColumns(tape, untrimmed.value);
        count++;
        return { key: "", value: untrimmed.value, timestampMs: lastTimestampMs };
      }
      const line = untrimmed.trim();
      if (line === "") return undefined;
      if (isCsv && columns === undefined) {
        columns = csvColumns(tape, line);
        return undefined;
      }
      count++;
      const { value, asset, eventTime, arrivalTime } =
        columns === undefined ? jsonTapeLine(line) : csvTapeLine(line, columns);
      if (wanted !== undefined && asset !== "" && !wanted.has(asset)) return undefined;
      if (wanted !== undefined) seen.add(asset);
      const timestampMs = parseTimeMs(arrivalTime === "" ? eventTime : arrivalTime);
      if (!Number.isNaN(timestampMs)) lastTimestampMs = timestampMs;
      return withinLimit({ key: asset, value, timestampMs: lastTimestampMs });
    }
    for await (const some of lines()) {
      if (signal.aborted) return;
      const messages = some
        .map(read)
        .filter((message): message is Message => message !== undefined);
      if (messages.length > 0) yield messages;
    }
    if (count === 0) throw empty;
    const absent = (assets ?? []).filter((asset) => !seen.has(asset));
    if (absent.length > 0 && absent.length === assets!.length) {
      throw new LabError(`the tape ${tape} has no events of ${absent.join(", ")}: check --assets`);
    }
  }

  return {
    name: "replay",
    finite: true,
    speed,
    counts: {},
    fractionRead: () => (file === undefined || size === 0 ? undefined : file.bytesRead / size),
    messages: recorded,
  };
}

export const replayCommand: SourceCommand = {
  name: "replay",
  help: "a recorded tape",
  options: [
    {
      flags: "--tape <file>",
      help: "a .csv or .jsonl file, plain or .gz; its format: labs/source/tapes/README.md (default: a real tape)",
    },
    SPEED,
  ],
  async open({ tape: given, speed }: { tape?: string; speed?: number }, { root, assets }) {
    const tape = given ?? resolve(root, DEFAULT_TAPE);
    const source = replay({ tape, assets, speed });
    await requireEvents(source); // fails before anything is written
    return { source, settings: { tape: await tapeDigest(tape) } };
  },
};
