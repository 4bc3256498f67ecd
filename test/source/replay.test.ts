import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { MAX_MESSAGE_LENGTH, REASONS, parseEvent } from "../../labs/event.js";
import { MAX_RECORD_LENGTH } from "../../labs/source/limit.js";
import { DEFAULT_TAPE, replay, tapeDigest } from "../../labs/source/replay.js";
import { temporaryFolder } from "../support/folder.js";
import { take } from "../../labs/course/lesson/observed.js";

const HEADER = "asset,price_usd,event_time,arrival_time\n";
const ROWS = [
  "bitcoin,9682.0,2020-02-22T00:00:02.111Z,2020-02-22T00:00:02.418Z",
  "ethereum,265.5,2020-02-22T00:00:01.000Z,2020-02-22T00:00:02.500Z",
];

async function tape(name: string, content: string | Buffer): Promise<string> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, content);
  return path;
}
const all = (path: string, options = {}) => take(replay({ tape: path, ...options }), Infinity);

test("the tape that comes with the lab holds 9,999 valid trades with their arrival times", async () => {
  const messages = await all(DEFAULT_TAPE);
  expect(messages).toHaveLength(9_999);
  const [first] = messages;
  expect(parseEvent(first!.value, first!.timestampMs)).toEqual({
    asset: "bitcoin",
    priceUsd: 9_682,
    eventTimeMs: Date.parse("2020-02-22T00:00:02.111Z"),
  });
  expect(first!.timestampMs).toBe(Date.parse("2020-02-22T00:00:02.418Z"));
  for (const { value, timestampMs } of messages) {
    expect(parseEvent(value, timestampMs)).toBeTypeOf("object");
  }
});

test("CSV and JSON lines, plain and gzipped, give the same messages", async () => {
  const csv = HEADER + ROWS.join("\n");
  const lines = ROWS.map((row) => {
    const [asset, price, event_time, arrival_time] = row.split(",");
    return JSON.stringify({ asset, price_usd: Number(price), event_time, arrival_time });
  }).join("\n");
  const events = [];
  for (const [name, content] of [
    ["a.csv", csv],
    ["b.csv", `\uFEFF${csv.replaceAll("\n", "\r\n")}\r\n\r\n`],
    ["a.csv.gz", gzipSync(csv)],
    ["a.jsonl", lines],
    ["a.jsonl.gz", gzipSync(lines)],
  ] as const) {
    const messages = await all(await tape(name, content));
    events.push(
      messages.map(({ key, value, timestampMs }) => {
        return { key, timestampMs, event: parseEvent(value, timestampMs) };
      }),
    );
  }
  expect(events[0]).toHaveLength(2);
  for (const each of events) expect(each).toEqual(events[0]);
});

test("columns may come in any order, with others among them, quoted or not", async () => {
  const path = await tape(
    "a.csv",
    'event_time,note,price_usd,asset\n2020-02-22T00:00:02Z,"a, b",1.5,"wrapped ""x"""\n',
  );
  const [message] = await all(path);
  expect(parseEvent(message!.value, message!.timestampMs)).toMatchObject({
    asset: 'wrapped "x"',
    priceUsd: 1.5,
  });
});

test("without an arrival time the event time is the arrival", async () => {
  const path = await tape("a.csv", "asset,price_usd,event_time\nbitcoin,1,2020-02-22T00:00:02Z\n");
  expect((await all(path))[0]!.timestampMs).toBe(Date.parse("2020-02-22T00:00:02Z"));
});

test("bad lines become messages that are rejected, and the others pass", async () => {
  const bad = [
    "bitcoin,abc,2020-02-22T00:00:02Z,2020-02-22T00:00:02Z",
    "bitcoin,0x10,2020-02-22T00:00:02Z,2020-02-22T00:00:02Z",
    "bitcoin,,2020-02-22T00:00:02Z,2020-02-22T00:00:02Z",
    "bitcoin,NaN,2020-02-22T00:00:02Z,2020-02-22T00:00:02Z",
    ",1,2020-02-22T00:00:02Z,2020-02-22T00:00:02Z",
    "bitcoin,1",
    "bitcoin,1,2020-02-22T00:00:02Z,whenever",
    '"bitcoin,1,2020-02-22T00:00:02Z,2020-02-22T00:00:02Z',
    "bitcoin,1,2020-02-29T00:00:02Z,2020-02-22T00:00:02Z",
  ];
  const messages = await all(await tape("a.csv", HEADER + [...bad, ...ROWS].join("\n")));
  const results = messages.map(({ value, timestampMs }) => typeof parseEvent(value, timestampMs));
  expect(results).toEqual([...bad.map(() => "string"), "object", "object"]);
});

test("only the wanted assets are replayed, and asking for none of the tape's is an error", async () => {
  const path = await tape("a.csv", HEADER + ROWS.join("\n"));
  expect((await all(path, { assets: ["ethereum"] })).map(({ key }) => key)).toEqual(["ethereum"]);
  await expect(all(path, { assets: ["solana"] })).rejects.toThrow(/no events of solana/);
});

test("a tape that is missing, empty, cut short or of another kind is a clear error", async () => {
  const csv = HEADER + ROWS.join("\n").repeat(1_000);
  const gzipped = gzipSync(csv);
  for (const [path, reason] of [
    ["/nowhere/a.csv", /cannot read the tape \/nowhere\/a.csv: it does not exist/],
    [await tape("empty.csv", ""), /has no events: choose another/],
    [await tape("header.csv", HEADER), /has no events: choose another/],
    [await tape("empty.jsonl.gz", gzipSync("")), /has no events: choose another/],
    [
      await tape("cut.csv.gz", gzipped.subarray(0, gzipped.length / 2)),
      /its gzip data is incomplete/,
    ],
    [await tape("nothing.csv.gz", ""), /has no events: choose another/],
    [await tape("plain.csv.gz", csv), /not valid gzip data.*remove \.gz/],
    [await tape("other.csv", "time,price\n1,2\n"), /no column asset, price_usd, event_time/],
  ] as const) {
    await expect(all(path), String(path)).rejects.toThrow(reason);
  }
  expect(() => replay({ tape: "a.txt" })).toThrow(/must be a .csv or .jsonl file/);
});

test("what is no regular file is refused, and not waited for", async () => {
  const folder = await temporaryFolder();
  const fifo = join(folder, "fifo.csv");
  execFileSync("mkfifo", [fifo]);
  await mkdir(join(folder, "folder.jsonl"));
  await symlink("/dev/zero", join(folder, "device.csv.gz"));
  for (const [name, what] of [
    ["fifo.csv", "a pipe"],
    ["folder.jsonl", "a folder"],
    ["device.csv.gz", "a device or socket"],
  ] as const) {
    const path = join(folder, name);
    const reason = new RegExp(`cannot read the tape .*: expected a regular file, found ${what}`);
    await expect(tapeDigest(path)).rejects.toThrow(reason);
    await expect(all(path)).rejects.toThrow(reason);
  }
});

test("a line that is too long is rejected with its length, and the lines around it pass", async () => {
  for (const [name, header] of [
    ["a.csv", HEADER],
    ["a.csv.gz", HEADER],
  ] as const) {
    // 20 MB in one line, and one just at the limit.
    const long = "x".repeat(20_000_000);
    const atLimit = ROWS[0]!.padEnd(MAX_RECORD_LENGTH, " ");
    const text = `${header}${[ROWS[0], long, atLimit, `${atLimit} `, ROWS[1]].join("\n")}`;
    const messages = await all(await tape(name, name.endsWith("gz") ? gzipSync(text) : text));
    const results = messages.map(({ value, timestampMs }) => parseEvent(value, timestampMs));
    expect(results.map((result) => typeof result)).toEqual([
      ...["object", "string", "object", "string", "object"],
    ]);
    expect(messages[1]!.value).toMatch(/^cut, since it has 20000000 characters and at most 300000/);
    expect(messages[1]!.value.length).toBeLessThan(2 * MAX_MESSAGE_LENGTH);
    expect(results[1]).toBe(REASONS.tooLong);
  }
});

test("a value that grows beyond the limit is cut too", async () => {
  const asset = "\u0001".repeat(MAX_RECORD_LENGTH - 100); // six times as long in JSON
  const [message] = await all(await tape("a.csv", `${HEADER}${asset},1,2020-02-22T00:00:02Z,\n`));
  expect(message!.key).toBe("");
  expect(message!.value).toMatch(/^cut, since/);
});

test("however a tape is cut into pieces, its lines are the same", async () => {
  const lines = Array.from(
    { length: 5_000 },
    (_, index) => `${ROWS[index % 2]!}${" ".repeat(index % 97)}`,
  );
  const plain = await all(await tape("a.csv", HEADER + lines.join("\n")));
  expect(plain).toHaveLength(5_000);
  expect(await all(await tape("a.csv.gz", gzipSync(HEADER + lines.join("\r\n"))))).toEqual(plain);
});
