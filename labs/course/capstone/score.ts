import { isDeepStrictEqual } from "node:util";
import { parseJson } from "../../shared/json.js";
import { formatTime } from "../../shared/time.js";
import { unansweredSections } from "./note.js";
import type { Product, ProductRow } from "./products.js";
import type { ProgramEnd } from "./programs.js";
import {
  MAX_LATENESS_MS,
  VENUES,
  allMessages,
  type FeedMessage,
  type Session,
  type Trade,
} from "./session.js";
import type { Place, StoredRecord } from "./topic.js";

// Scores a run of the capstone, only by what is in Kafka and on HDFS afterwards, and by how the programs ended.

export const WINDOW_MS = 60_000;
const MAX_LATENCY_MS = 10_000;
const MIN_TIMELY = 0.75;
const MAX_FILES = 100;
const MIN_REASONS = 4;
const TOLERANCE = 1e-9;
export const PASS_POINTS = 80;

/** What a run has left. */
export interface Outcome {
  session: Session;
  topic: StoredRecord[];
  /** Where the checker has written poison. */
  poison: ReadonlySet<Place>;
  trades: Product;
  windows: Product;
  rejected: Product;
  /** Files that could not be read when they had appeared. */
  halfWritten: string[];
  /** How each program ended; undefined if it had to be stopped. */
  ends: Record<"producer" | "query", ProgramEnd | undefined>;
  /** For each window that was due during the run, how long after that it could be read; Infinity if it could not. */
  latenciesMs: number[];
  /** The design note. */
  note: string;
}

/** A line of the rubric. */
export interface RubricLine {
  name: string;
  points: number;
  of: number;
  /** Whether the capstone fails without it. */
  isRequired: boolean;
  /** What is wrong, with an example; undefined if nothing is. */
  finding?: string;
  /** Where to look. */
  see: string;
}

export const hasPassed = (lines: readonly RubricLine[]): boolean =>
  totalPoints(lines) >= PASS_POINTS &&
  lines.every(({ isRequired, finding }) => !isRequired || finding === undefined);

export const totalPoints = (lines: readonly RubricLine[]): number =>
  lines.reduce((sum, { points }) => sum + points, 0);

/** The messages of the feed that are in the topic, and what else is. */
interface Delivered {
  messages: Set<FeedMessage>;
  invalid: Set<Place>;
  /** Records that are neither messages of the feed nor poison. */
  foreign: StoredRecord[];
}

const keyOf = (venue: unknown, id: unknown) => `${String(venue)} ${String(id)}`;

function delivered({ session, topic, poison }: Outcome): Delivered {
  const bySequence = new Map<string, { message: FeedMessage; json: unknown }>();
  for (const venue of VENUES) {
    for (const message of session.messages[venue]) {
      bySequence.set(keyOf(venue, message.sequence), { message, json: parseJson(message.text) });
    }
  }
  const found: Delivered = { messages: new Set(), invalid: new Set(poison), foreign: [] };
  for (const record of topic) {
    if (poison.has(record.place)) continue;
    const json = parseJson(record.value) as ProductRow | null | undefined;
    const sent = bySequence.get(keyOf(json?.["venue"], json?.["sequence"]));
    if (sent === undefined || !isDeepStrictEqual(sent.json, json)) {
      found.foreign.push(record);
      continue;
    }
    found.messages.add(sent.message);
    if (sent.message.kind === "invalid") found.invalid.add(record.place);
  }
  return found;
}

/** A trade that is in the topic. */
interface DeliveredTrade {
  trade: Trade;
  /** Whether its window must count it. */
  isInTime: boolean;
}

/** The trades of the messages, by venue and id. */
function tradesIn(messages: Iterable<FeedMessage>): Map<string, DeliveredTrade> {
  const trades = new Map<string, DeliveredTrade>();
  for (const { venue, trade, lateMs } of messages) {
    if (trade === undefined) continue;
    const key = keyOf(venue, trade.tradeId);
    const isInTime = lateMs <= MAX_LATENESS_MS || trades.get(key)?.isInTime === true;
    trades.set(key, { trade, isInTime });
  }
  return trades;
}

/** The trades of a window. */
interface ExpectedWindow {
  inTime: Trade[];
  /** Each of these may be counted or not. */
  veryLate: Trade[];
}

const windowKey = (venue: unknown, asset: unknown, startMs: unknown) =>
  `${String(venue)} ${String(asset)} ${typeof startMs === "number" ? formatTime(startMs) : String(startMs)}`;

function windowsOf(trades: Iterable<DeliveredTrade>): Map<string, ExpectedWindow> {
  const windows = new Map<string, ExpectedWindow>();
  for (const { trade, isInTime } of trades) {
    const { venue, asset, tradeTimeMs } = trade;
    const key = windowKey(venue, asset, tradeTimeMs - (tradeTimeMs % WINDOW_MS));
    const window = windows.get(key) ?? { inTime: [], veryLate: [] };
    windows.set(key, window);
    (isInTime ? window.inTime : window.veryLate).push(trade);
  }
  return windows;
}

const isClose = (found: unknown, expected: number): boolean =>
  typeof found === "number" && Math.abs(found - expected) <= TOLERANCE * Math.abs(expected);

const aggregateOf = (trades: readonly Trade[]) => {
  const volume = trades.reduce((sum, { quantity }) => sum + quantity, 0);
  const value = trades.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
  return { count: trades.length, volume, vwap: value / volume };
};

/** Whether a row is the aggregate of the trades in time and any of the very late ones. */
function isRight(row: ProductRow, { inTime, veryLate }: ExpectedWindow): boolean {
  for (let chosen = 0; chosen < 2 ** veryLate.length; chosen++) {
    const counted = veryLate.filter((_, index) => (chosen >> index) % 2 === 1);
    const { count, volume, vwap } = aggregateOf([...inTime, ...counted]);
    if (row["count"] === count && isClose(row["volume"], volume) && isClose(row["vwap"], vwap)) {
      return true;
    }
  }
  return false;
}

/** `3 of 50 … , for example …`; undefined if there are none. */
function finding<T>(
  wrong: readonly T[],
  of: number,
  what: string,
  example: (one: T) => string,
): string | undefined {
  if (wrong.length === 0) return undefined;
  return `${wrong.length} of ${of} ${what}, for example ${example(wrong[0]!)}`;
}

/** The keys of more than one row. */
function doubled(keys: readonly string[]): string[] {
  const seen = new Set<string>();
  return keys.filter((key) => seen.size === seen.add(key).size);
}

/** Marks a line that could not be judged. */
export const NOTHING = "there is nothing to judge";

/** Scores a run. */
export function score(outcome: Outcome): RubricLine[] {
  const found = delivered(outcome);
  const trades = tradesIn(found.messages);
  const isRequired = true;
  const lines: Omit<RubricLine, "points">[] = [
    {
      name: "recovery: both end by themselves",
      of: 5,
      isRequired: false,
      finding: recoveryFinding(outcome, found),
      see: "the last lines of the program; chapter 6, deliberate faults",
    },
    {
      name: "topic: every message of the feed",
      of: 10,
      isRequired,
      finding: topicFinding(outcome, found),
      see: "producer.ts: gaps, pages, 429, where it continues after a crash; chapters 1 and 2",
    },
    {
      name: "trades/: every valid trade",
      of: 15,
      isRequired,
      finding: completeFinding(outcome, trades),
      see: "query.ts: validation, and what a restart skips; chapter 5, checkpoints",
    },
    {
      name: "trades/: each trade once",
      of: 15,
      isRequired,
      finding: onceFinding(outcome),
      see: "query.ts: trades sent again, file names after a restart; exercises 16 and 19",
    },
    {
      name: "trades/: the right values",
      of: 10,
      isRequired,
      finding: valuesFinding(outcome, trades),
      see: "query.ts: the units of each venue, and the rules for valid trades",
    },
    {
      name: "windows/: right, with late trades",
      of: 20,
      isRequired,
      finding: windowsFinding(outcome, trades),
      see: "query.ts: which time it takes; lateness in the order of the feed (sequence), not of the topic; the end; chapter 3",
    },
    {
      name: "rejected/: each once, with reason",
      of: 10,
      isRequired: false,
      finding: rejectedFinding(outcome, found.invalid),
      see: "query.ts: validation; chapter 2, dead letters",
    },
    {
      name: "layout: columns, folders, files",
      of: 5,
      isRequired: false,
      finding: layoutFinding(outcome),
      see: "query.ts: how it writes files; chapter 4",
    },
    {
      name: "latency: windows in time",
      of: 5,
      isRequired: false,
      finding: latencyFinding(outcome),
      see: "query.ts: when a window is final; chapter 3, completeness against latency",
    },
    {
      name: "design note: all sections",
      of: 5,
      isRequired: false,
      finding: noteFinding(outcome),
      see: "design.md",
    },
  ];
  return lines.map((line) => ({ ...line, points: line.finding === undefined ? line.of : 0 }));
}

function topicFinding({ session }: Outcome, { messages, foreign }: Delivered) {
  const all = VENUES.flatMap((venue) => session.messages[venue]);
  const missing = all.filter((message) => !messages.has(message));
  return (
    finding(
      foreign,
      foreign.length + messages.size,
      "records are not messages as the feed sent them",
      ({ place, value }) => `partition:offset ${place}, ${value.slice(0, 60)}`,
    ) ??
    finding(
      missing,
      all.length,
      "messages are not in the topic",
      ({ venue, sequence }) => `${venue}, sequence ${sequence}`,
    )
  );
}

const example = ({ venue, tradeId, tradeTimeMs }: Trade) =>
  `${venue}, trade ${tradeId} of ${formatTime(tradeTimeMs)}`;

function completeFinding(
  { trades: { rows } }: Outcome,
  trades: ReadonlyMap<string, DeliveredTrade>,
): string | undefined {
  if (trades.size === 0) return `the topic holds no trades: ${NOTHING}`;
  const written = new Set(rows.map((row) => keyOf(row["venue"], row["trade_id"])));
  const missing = [...trades].filter(([key]) => !written.has(key));
  const what = "trades that are in the topic are not in trades/";
  return finding(missing, trades.size, what, ([, { trade }]) => example(trade));
}

function onceFinding({ trades: { rows } }: Outcome): string | undefined {
  if (rows.length === 0) return `trades/ is empty: ${NOTHING}`;
  const twice = doubled(rows.map((row) => keyOf(row["venue"], row["trade_id"])));
  return finding(twice, rows.length, "rows are doubles", (key) => `trade ${key}`);
}

function valuesFinding(
  { trades: { rows } }: Outcome,
  trades: ReadonlyMap<string, DeliveredTrade>,
): string | undefined {
  if (rows.length === 0) return `trades/ is empty: ${NOTHING}`;
  const wrong = rows.flatMap((row) => {
    const expected = trades.get(keyOf(row["venue"], row["trade_id"]))?.trade;
    const why = wrongValue(row, expected);
    return why === undefined ? [] : [why];
  });
  return finding(wrong, rows.length, "rows are wrong", (why) => why);
}

function wrongValue(row: ProductRow, expected: Trade | undefined): string | undefined {
  const name = `trade ${keyOf(row["venue"], row["trade_id"])}`;
  if (expected === undefined) return `${name}, which is not a valid trade`;
  const { asset, side, price, quantity, tradeTimeMs } = expected;
  const wrong = (column: string, right: string | number) =>
    `${name}: ${column} is ${String(row[column])}, not ${right}`;
  if (row["asset"] !== asset) return wrong("asset", asset);
  if (row["side"] !== side) return wrong("side", side);
  if (!isClose(row["price"], price)) return wrong("price", price);
  if (!isClose(row["quantity"], quantity)) return wrong("quantity", quantity);
  if (row["trade_time"] !== tradeTimeMs) return wrong("trade_time", tradeTimeMs);
  return undefined;
}

function windowsFinding(
  { windows: { rows } }: Outcome,
  trades: ReadonlyMap<string, DeliveredTrade>,
): string | undefined {
  if (rows.length === 0) return `windows/ is empty: ${NOTHING}`;
  const expected = windowsOf(trades.values());
  const keys = rows.map((row) => windowKey(row["venue"], row["asset"], row["window_start"]));
  const twice = finding(doubled(keys), rows.length, "rows are doubles", (key) => key);
  if (twice !== undefined) return twice;
  const written = new Set(keys);
  const required = [...expected].filter(([, { inTime }]) => inTime.length > 0);
  const missing = required.filter(([key]) => !written.has(key));
  const wrong = rows.flatMap((row, index) => {
    const key = keys[index]!;
    const window = expected.get(key);
    if (window === undefined) return [`${key}, in which no trade happened`];
    if (isRight(row, window)) return [];
    const { count, volume, vwap } = aggregateOf(window.inTime);
    return [
      `${key}: count ${String(row["count"])}, volume ${String(row["volume"])}, vwap ${String(row["vwap"])}; expected ${count}, ${volume}, ${vwap}`,
    ];
  });
  return (
    finding(wrong, rows.length, "windows are wrong", (why) => why) ??
    finding(missing, required.length, "windows are missing", ([key]) => key)
  );
}

function rejectedFinding(
  { rejected: { rows, problems } }: Outcome,
  invalid: ReadonlySet<Place>,
): string | undefined {
  if (problems.length > 0) return problems[0];
  if (invalid.size === 0) return `the topic holds no invalid records: ${NOTHING}`;
  const places = rows.map((row) => `${String(row["partition"])}:${String(row["offset"])}`);
  const written = new Set(places);
  const missing = [...invalid].filter((place) => !written.has(place));
  const wrong = places.filter((place) => !invalid.has(place));
  const isReason = (reason: unknown) => typeof reason === "string" && reason.trim() !== "";
  const silent = places.filter((_, index) => !isReason(rows[index]!["reason"]));
  const where = (place: string) => `partition:offset ${place}`;
  const all =
    finding(missing, invalid.size, "invalid records are missing", where) ??
    finding(wrong, rows.length, "rows are not invalid records", where) ??
    finding(doubled(places), rows.length, "rows are doubles", where) ??
    finding(silent, rows.length, "rows have no reason", where);
  if (all !== undefined) return all;
  const reasons = new Set(rows.map((row) => row["reason"]));
  if (reasons.size >= MIN_REASONS) return undefined;
  return `only ${reasons.size} different reasons for ${rows.length} records`;
}

function recoveryFinding({ session, ends }: Outcome, { messages }: Delivered): string | undefined {
  const missing = allMessages(session).length - messages.size;
  const findings = Object.entries(ends).flatMap(([program, end]) => {
    if (end === undefined)
      return `${program}.ts did not end and was stopped: ${reasonToRun(missing)}`;
    if (end.code === null) return `${program}.ts was killed, but not by this check`;
    return end.code === 0 ? [] : `${program}.ts ended with exit code ${end.code}:\n${end.words}`;
  });
  return findings.length === 0 ? undefined : findings.join("\n");
}

/** Why a program may not have ended. @param missing how many messages of the feed the topic lacks */
const reasonToRun = (missing: number) =>
  missing === 0
    ? "the topic was complete; an open connection keeps a program running"
    : `the topic lacks ${missing} messages of the feed`;

function layoutFinding({ trades, windows, halfWritten }: Outcome): string | undefined {
  for (const [name, { rows, files, problems }] of Object.entries({ trades, windows })) {
    if (problems.length > 0) return problems[0];
    if (rows.length === 0) return `${name}/ is empty: ${NOTHING}`;
    if (files > MAX_FILES) return `${name}/ has ${files} files, more than ${MAX_FILES}`;
  }
  if (halfWritten.length === 0) return undefined;
  return `${halfWritten[0]} could not be read when it appeared: files must appear complete`;
}

function latencyFinding({ latenciesMs }: Outcome): string | undefined {
  if (latenciesMs.length === 0) return `no window was due during the run: ${NOTHING}`;
  const timely = latenciesMs.filter((latencyMs) => latencyMs <= MAX_LATENCY_MS).length;
  const share = timely / latenciesMs.length;
  if (share >= MIN_TIMELY) return undefined;
  return `${Math.floor(100 * share)} % of the windows could be read within ${MAX_LATENCY_MS / 1_000} s, less than ${100 * MIN_TIMELY} %`;
}

function noteFinding({ note }: Outcome): string | undefined {
  const [first, ...more] = unansweredSections(note);
  if (first === undefined) return undefined;
  return `${more.length + 1} sections have no answer of their own, for example ${first}`;
}
