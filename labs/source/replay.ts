import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { PassThrough } from "node:stream";
import { createGunzip } from "node:zlib";
import { parse as parseCsv } from "csv-parse/sync";
import { LabError, errorMessage } from "../errors.js";
import { JSON_NUMBER, type Message } from "../event.js";
import { parseTimeMs } from "../time.js";
import { pace } from "./pace.js";
import type { Source } from "./source.js";

/** A real tape that comes with the lab, relative to the project's root; see the README beside it. */
export const DEFAULT_TAPE = "labs/source/tapes/bitcoin-trades-2020-02-22.csv.gz";

const REQUIRED_COLUMNS = ["asset", "price_usd", "event_time"];

export interface ReplayOptions {
  /** A `.csv` or `.jsonl` file, plain or `.gz`, in order of arrival. */
  tape: string;
  /** Replay these assets only; all by default. */
  assets?: readonly string[];
  /** Play at this multiple of the recorded speed; as fast as it goes by default. */
  speed?: number;
}

/** The fields of a CSV line; undefined where its quotes do not close. */
function csvFields(line: string): string[] | undefined {
  if (!line.includes('"')) return line.split(",").map((field) => field.trim());
  try {
    const [fields] = parseCsv(line, { trim: true, relax_column_count: true }) as string[][];
    return fields;
  } catch {
    return undefined;
  }
}

/** A CSV line as the JSON of its event; a bad line gives a value that `parseEvent` rejects with the reason. */
function csvValue(line: string, columns: readonly string[]): string {
  const fields = csvFields(line);
  if (fields === undefined) return line;
  const members: string[] = [];
  for (const [index, column] of columns.entries()) {
    const field = fields[index];
    if (field === undefined) continue;
    if (column === "price_usd" && JSON_NUMBER.test(field)) members.push(`"price_usd":${field}`);
    else if (REQUIRED_COLUMNS.includes(column)) {
      members.push(`${JSON.stringify(column)}:${JSON.stringify(field)}`);
    } else if (column === "arrival_time" && field !== "" && Number.isNaN(parseTimeMs(field))) {
      members.push(`"arrival_time":${JSON.stringify(field)}`);
    }
  }
  return `{${members.join(",")}}`;
}

interface TapeLine {
  value: string;
  asset: string;
  eventTime: string;
  arrivalTime: string;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** What the replay itself needs of a line: key and times. Whether the event is valid, the engine says. */
function tapeLine(value: string, arrivalTime?: string): TapeLine {
  let fields: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(value);
    if (typeof parsed === "object" && parsed !== null) fields = parsed as Record<string, unknown>;
  } catch {
    // Not JSON: it goes to the log as it is, without a key.
  }
  return {
    value,
    asset: text(fields["asset"]),
    eventTime: text(fields["event_time"]),
    arrivalTime: arrivalTime ?? text(fields["arrival_time"]),
  };
}

/** The names in a tape's header line. @throws LabError if a column is missing */
function csvColumns(tape: string, header: string): string[] {
  const columns = (csvFields(header.replace(/^\uFEFF/, "")) ?? []).map((name) =>
    name.toLowerCase(),
  );
  const missing = REQUIRED_COLUMNS.filter((column) => !columns.includes(column));
  if (missing.length > 0) {
    throw new LabError(
      `the tape ${tape} has no column ${missing.join(", ")}: its first line must be asset,price_usd,event_time[,arrival_time], and it is ${JSON.stringify(header.slice(0, 80))}`,
    );
  }
  return columns;
}

/** A digest of a tape's content: what makes it the same tape in another place. @throws LabError if it cannot be read */
export async function tapeDigest(tape: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(tape), hash);
  } catch (error) {
    throw new LabError(`cannot read the tape ${tape}: ${errorMessage(error)}`);
  }
  return hash.digest("hex").slice(0, 16);
}

/**
 * Replays a recorded tape: columns (or JSON fields) asset, price_usd, event_time and, where the tape has
 * it, arrival_time, which becomes the message's timestamp; else the event time does.
 */
export function replay({ tape, assets, speed }: ReplayOptions): Source {
  const format = /\.(csv|jsonl)(\.gz)?$/.exec(tape);
  if (format === null) {
    throw new LabError(`the tape ${tape} must be a .csv or .jsonl file, plain or .gz`);
  }
  const isCsv = format[1] === "csv";
  let bytesRead = 0;
  let size = 0;

  async function* lines(): AsyncGenerator<string> {
    const file = createReadStream(tape);
    file.on("data", (piece) => (bytesRead += piece.length));
    const plain = new PassThrough();
    // A truncated or broken file must end the replay with its error, not with fewer lines.
    const feeding =
      format![2] === undefined ? pipeline(file, plain) : pipeline(file, createGunzip(), plain);
    feeding.catch(() => {}); // awaited below, unless the reader stops early
    try {
      yield* createInterface({ input: plain, crlfDelay: Infinity });
      await feeding;
    } catch (error) {
      throw new LabError(`cannot read the tape ${tape}: ${errorMessage(error)}`);
    } finally {
      file.destroy();
    }
  }

  async function* recorded(signal: AbortSignal): AsyncGenerator<Message> {
    const wanted = assets === undefined ? undefined : new Set(assets);
    const seen = new Set<string>();
    let columns: string[] | undefined;
    let lastTimestampMs = 0;
    let count = 0;
    try {
      size = (await stat(tape)).size;
    } catch (error) {
      throw new LabError(`cannot read the tape ${tape}: ${errorMessage(error)}`);
    }
    for await (const line of lines()) {
      if (signal.aborted) return;
      if (line.trim() === "") continue;
      if (isCsv && columns === undefined) {
        columns = csvColumns(tape, line);
        continue;
      }
      count++;
      const { value, asset, eventTime, arrivalTime } =
        columns === undefined
          ? tapeLine(line)
          : tapeLine(
              csvValue(line, columns),
              csvFields(line)?.[columns.indexOf("arrival_time")] ?? "",
            );
      if (wanted !== undefined && asset !== "" && !wanted.has(asset)) continue;
      seen.add(asset);
      const timestampMs = parseTimeMs(arrivalTime === "" ? eventTime : arrivalTime);
      if (!Number.isNaN(timestampMs)) lastTimestampMs = timestampMs;
      yield { key: asset, value, timestampMs: lastTimestampMs };
    }
    if (count === 0) throw new LabError(`the tape ${tape} is empty: it holds no events`);
    const absent = (assets ?? []).filter((asset) => !seen.has(asset));
    if (absent.length > 0 && absent.length === assets!.length) {
      throw new LabError(`the tape ${tape} has no events of ${absent.join(", ")}`);
    }
  }

  return {
    name: "replay",
    finite: true,
    counts: {},
    fractionRead: () => (size === 0 ? undefined : bytesRead / size),
    messages: (signal) =>
      speed === undefined ? recorded(signal) : pace(recorded(signal), speed, signal),
  };
}
