import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { formatRubric } from "../../../labs/course/capstone/check.js";
import { unansweredSections } from "../../../labs/course/capstone/note.js";
import {
  hasPassed,
  score,
  totalPoints,
  type Outcome,
} from "../../../labs/course/capstone/score.js";
import {
  MAX_LATENESS_MS,
  allMessages,
  generateSession,
  type Trade,
} from "../../../labs/course/capstone/session.js";
import { placeOf } from "../../../labs/course/capstone/topic.js";

// The score of hand-made products: all points for right ones, and for each kind of damage only the line that names it.

const session = generateSession(4);
const note = await readFile("solutions/capstone/design.md", "utf8");
const MINUTE_MS = 60_000;

/** What a run without mistakes leaves. @param countVeryLate whether windows count the trades that they need not */
function perfect(countVeryLate = false): Outcome {
  const messages = allMessages(session);
  const topic = messages.map(({ text }, offset) => ({ place: placeOf(0, offset), value: text }));
  topic.push({ place: placeOf(1, 0), value: "poison" });
  const trades = messages.flatMap(({ kind, trade }) => (kind === "trade" ? [trade!] : []));
  const isCounted = ({ kind, lateMs }: (typeof messages)[number]) =>
    kind === "trade" && (countVeryLate || lateMs <= MAX_LATENESS_MS);
  const rejected = messages.flatMap(({ kind }, offset) =>
    kind === "invalid" ? [{ partition: 0, offset, reason: `reason ${offset % 5}` }] : [],
  );
  const product = () => ({ files: 10, problems: [] });
  return {
    session,
    topic,
    note,
    poison: new Set([placeOf(1, 0)]),
    halfWritten: [],
    trades: { ...product(), rows: trades.map(tradeRow) },
    windows: {
      ...product(),
      rows: windowRows(messages.filter(isCounted).map(({ trade }) => trade!)),
    },
    rejected: {
      ...product(),
      rows: [...rejected, { partition: 1, offset: 0, reason: "not JSON" }],
    },
    ends: { producer: { code: 0, words: "" }, query: { code: 0, words: "" } },
    latenciesMs: [1_000, 2_000, 3_000, Infinity],
  };
}

const tradeRow = ({ venue, tradeId, asset, price, quantity, side, tradeTimeMs }: Trade) => ({
  venue,
  trade_id: tradeId,
  asset,
  price,
  quantity,
  side,
  trade_time: tradeTimeMs,
});

function windowRows(trades: readonly Trade[]) {
  const groups = new Map<string, Trade[]>();
  for (const trade of trades) {
    const key = `${trade.venue} ${trade.asset} ${Math.floor(trade.tradeTimeMs / MINUTE_MS)}`;
    groups.set(key, [...(groups.get(key) ?? []), trade]);
  }
  return [...groups.values()].map((own) => {
    const [{ venue, asset, tradeTimeMs }] = own as [Trade, ...Trade[]];
    let [volume, value] = [0, 0];
    for (const { price, quantity } of own) {
      volume += quantity;
      value += price * quantity;
    }
    const start = Math.floor(tradeTimeMs / MINUTE_MS) * MINUTE_MS;
    const aggregate = { count: own.length, volume, vwap: value / volume };
    return { venue, asset, window_start: start, ...aggregate };
  });
}

const failed = (outcome: Outcome) =>
  score(outcome).flatMap(({ name, finding }) =>
    finding === undefined ? [] : [name.split(":")[0]],
  );

test.each([false, true])(
  "right products get all points; very late trades counted: %s",
  (counted) => {
    const lines = score(perfect(counted));
    expect(lines.flatMap(({ finding }) => finding ?? [])).toEqual([]);
    expect(totalPoints(lines)).toBe(100);
    expect(hasPassed(lines)).toBe(true);
  },
);

const first = <T>(all: T[]): T => all[0]!;
const damages: [what: string, fails: string[], damage: (outcome: Outcome) => void][] = [
  [
    "a message changed",
    ["topic"],
    ({ topic }) => {
      const end = topic.find(({ value }) => value.includes('"end"'))!;
      end.value = end.value.replace("2025", "2024");
    },
  ],
  ["a foreign record", ["topic"], ({ topic }) => topic.push({ place: "2:0", value: "{}" })],
  ["a trade missing", ["trades/"], ({ trades }) => trades.rows.pop()],
  ["a trade doubled", ["trades/"], ({ trades }) => trades.rows.push(first(trades.rows))],
  ["a price in cents", ["trades/"], ({ trades }) => (first(trades.rows)["price"] = 1e9)],
  [
    "a time in seconds",
    ["trades/"],
    ({ trades }) => (first(trades.rows)["trade_time"] = 1_740_996_000),
  ],
  [
    "a trade that is none",
    ["trades/"],
    ({ trades }) => trades.rows.push({ ...first(trades.rows), trade_id: 1 }),
  ],
  ["a window missing", ["windows/"], ({ windows }) => windows.rows.pop()],
  ["a window doubled", ["windows/"], ({ windows }) => windows.rows.push(first(windows.rows))],
  ["a count that is off", ["windows/"], ({ windows }) => (first(windows.rows)["count"] = 1_000)],
  ["a volume that is off", ["windows/"], ({ windows }) => (first(windows.rows)["volume"] = 1_000)],
  [
    "a window of nothing",
    ["windows/"],
    ({ windows }) => windows.rows.push({ ...first(windows.rows), window_start: 0 }),
  ],
  ["a rejected record missing", ["rejected/"], ({ rejected }) => rejected.rows.pop()],
  [
    "a rejected record doubled",
    ["rejected/"],
    ({ rejected }) => rejected.rows.push(first(rejected.rows)),
  ],
  [
    "a valid record rejected",
    ["rejected/"],
    ({ rejected }) => rejected.rows.push({ partition: 0, offset: 0, reason: "x" }),
  ],
  ["no reason", ["rejected/"], ({ rejected }) => (first(rejected.rows)["reason"] = " ")],
  [
    "one reason for all",
    ["rejected/"],
    ({ rejected }) => rejected.rows.forEach((row) => (row["reason"] = "invalid")),
  ],
  ["a crash", ["recovery"], ({ ends }) => (ends.query = { code: 1, words: "  Error: what" })],
  [
    "a program that another one killed",
    ["recovery"],
    ({ ends }) => (ends.query = { code: null, words: "" }),
  ],
  ["an endless program", ["recovery"], ({ ends }) => (ends.producer = undefined)],
  [
    "a wrong column",
    ["layout"],
    ({ windows }) => windows.problems.push("windows/a: the column count is missing"),
  ],
  ["many files", ["layout"], ({ trades }) => (trades.files = 101)],
  ["a half-written file", ["layout"], ({ halfWritten }) => halfWritten.push("windows/a.parquet")],
  ["slow windows", ["latency"], (outcome) => (outcome.latenciesMs = [1_000, 11_000])],
  ["an empty note", ["design note"], (outcome) => (outcome.note = "")],
];

test.each(damages)("%s", (_, fails, damage) => {
  const outcome = perfect();
  damage(outcome);
  expect(failed(outcome)).toEqual(fails);
});

test("what the producer lost counts once: the products are judged against the topic", () => {
  const outcome = perfect();
  const isKept = ({ tradeId }: { tradeId: number }) => tradeId % 50 !== 0;
  const messages = allMessages(session);
  outcome.topic = outcome.topic.filter((_, index) => {
    const trade = messages[index]?.trade;
    return trade === undefined || isKept(trade);
  });
  const kept = messages.flatMap(({ kind, trade }) =>
    kind === "trade" && isKept(trade!) ? [trade!] : [],
  );
  outcome.trades.rows = kept.map(tradeRow);
  outcome.windows.rows = windowRows(kept);
  const lines = score(outcome);
  expect(failed(outcome)).toEqual(["topic"]);
  expect(totalPoints(lines)).toBe(90);
  expect(hasPassed(lines)).toBe(false);
  expect(lines.find(({ name }) => name.startsWith("topic"))!.finding).toMatch(
    /^\d+ of \d+ messages are not in the topic, for example \w+, sequence \d+$/,
  );
});

test("programs that do nothing get no points but those of the note", () => {
  const empty = { rows: [], files: 0, problems: [] };
  const lines = score({
    ...perfect(),
    topic: [],
    poison: new Set<string>(),
    latenciesMs: [],
    trades: empty,
    windows: empty,
    rejected: empty,
    ends: { producer: undefined, query: undefined },
  });
  expect(totalPoints(lines)).toBe(5);
});

test("80 points pass if no required line is wrong", () => {
  const outcome = perfect();
  outcome.rejected.rows.pop();
  outcome.trades.files = 500;
  outcome.note = "";
  expect(totalPoints(score(outcome))).toBe(80);
  expect(hasPassed(score(outcome))).toBe(true);
  outcome.latenciesMs = [];
  expect(hasPassed(score(outcome))).toBe(false);
});

test("the rubric shows the points, what is wrong and where to look", () => {
  const outcome = perfect();
  outcome.trades.rows.push(first(outcome.trades.rows));
  const text = formatRubric(score(outcome), (_, plain) => plain);
  expect(text).toMatch(/✗ │ trades\/: each trade once +│ +0 of 15 │ yes/);
  expect(text).toMatch(
    /✗ trades\/: each trade once\n {2}1 of \d+ rows are doubles, for example trade \w+ \d+\n {2}see: .*exercises 16 and 19/,
  );
  expect(text).toMatch(/not passed: 85 of 100 points/);
  for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(100);
});

test("the template of the design note asks every question and answers none", async () => {
  const template = await readFile("labs/exercises/capstone/design.md", "utf8");
  const headings = (text: string) =>
    [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
  const questions = (text: string) => text.split("\n").filter((line) => line.startsWith(">"));
  expect(headings(template)).toEqual(headings(note));
  expect(questions(template)).toEqual(questions(note));
  expect(unansweredSections(template)).toEqual(headings(template));
  expect(unansweredSections(note)).toEqual([]);
});
