import { execFile } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, truncate, writeFile, appendFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { LabError } from "../../labs/shared/errors.js";
import { valueOf, type Message } from "../../labs/event.js";
import { openFileLog } from "../../labs/log/file.js";
import { partitionOf } from "../../labs/log/partition.js";
import { temporaryFolder } from "../support/folder.js";
import type { LogRecord } from "../../labs/log/log.js";
import { readRange } from "../support/log.js";

const TOPIC = "t";
const message = (value: string, key = "bitcoin"): Message => ({ key, value, timestampMs: 7 });

/** Texts with everything that could confuse a file of lines with tabs. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom("\t", "\n", "\r", "\\", "n", "t", "é", "🎈", "\u2028"),
    fc.string(),
  ),
  maxLength: 30,
});
const messages = fc.array(
  fc.record({ key: text, value: text, timestampMs: fc.integer({ min: -1e12, max: 2e12 }) }),
  { maxLength: 40 },
);

test("any messages come back in order, each in the partition of its key, also after opening again", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(messages, { maxLength: 4 }),
      fc.integer({ min: 1, max: 4 }),
      async (appends, partitions) => {
        const folder = await mkdtemp(join(tmpdir(), "lab-"));
        try {
          for (const chunk of appends) {
            const log = await openFileLog(folder, TOPIC, partitions);
            await log.append(chunk);
            await log.close();
          }
          const log = await openFileLog(folder, TOPIC, partitions);
          const ends = await log.endOffsets();
          for (const [partition, end] of ends.entries()) {
            const own = appends
              .flat()
              .filter(({ key }) => partitionOf(key, partitions) === partition);
            const expected = own.map((each, offset) => ({ ...each, offset }));
            expect(await readRange(log, partition, 0, end)).toEqual(expected);
            const middle = Math.floor(end / 2);
            expect(await readRange(log, partition, middle, end)).toEqual(expected.slice(middle));
            expect(await readRange(log, partition, 0, middle)).toEqual(expected.slice(0, middle));
          }
          await log.close();
        } finally {
          await rm(folder, { recursive: true });
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("a file cut at any byte opens as the records that are whole, and goes on from there", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "t-0.log");
  const log = await openFileLog(folder, TOPIC, 1);
  await log.append(["one", "two ✓", "three"].map((value) => message(value)));
  await log.close();
  const whole = await readFile(path);
  for (let length = whole.length; length >= 0; length--) {
    await writeFile(path, whole.subarray(0, length));
    const kept = whole.subarray(0, length).toString().split("\n").length - 1;
    const notices: string[] = [];
    const reopened = await openFileLog(folder, TOPIC, 1, (notice) => notices.push(notice));
    expect(await reopened.endOffsets()).toEqual([kept]);
    const torn = length > 0 && whole[length - 1] !== 10;
    expect(notices).toHaveLength(torn ? 1 : 0);
    await reopened.append([message("next")]);
    const records = await readRange(reopened, 0, 0, kept + 1);
    expect(records.map(({ value }) => value)).toEqual([
      ...["one", "two ✓", "three"].slice(0, kept),
      "next",
    ]);
    await reopened.close();
  }
});

test("what was just appended is read as from the file, whatever the messages hold", async () => {
  const odd = fc.oneof(text, fc.string({ unit: fc.constantFrom("\ud83e", "\udd99", "x", "\t") }));
  const bytes = fc.uint8Array().map((rest) => Buffer.from([0, ...rest]));
  const value = fc.oneof(
    odd,
    bytes,
    fc.string().map((rest) => `\0${rest}`),
  );
  const some = fc.array(fc.record({ key: odd, value, timestampMs: fc.nat() }));
  await fc.assert(
    fc.asyncProperty(fc.array(some, { maxLength: 4 }), fc.nat(), async (appends, cut) => {
      const folder = await mkdtemp(join(tmpdir(), "lab-"));
      try {
        const log = await openFileLog(folder, TOPIC, 1);
        for (const chunk of appends) await log.append(chunk);
        const [end] = await log.endOffsets();
        const from = cut % (end! + 1);
        const reopened = await openFileLog(folder, TOPIC, 1);
        const records = await readRange(reopened, 0, from, end!);
        expect(await readRange(log, 0, from, end!)).toEqual(records);
        const values = appends.flat().map((each) => valueOf(Buffer.from(each.value)));
        expect(records.map((record) => record.value)).toEqual(values.slice(from));
      } finally {
        await rm(folder, { recursive: true });
      }
    }),
    { numRuns: 60 },
  );
});

test("any range of a large file is found without reading it all", async () => {
  const folder = await temporaryFolder();
  const writer = await openFileLog(folder, TOPIC, 1);
  const count = 30_000;
  await writer.append(
    Array.from({ length: count }, (_, index) => message(`${index} ${"x".repeat(index % 50)}`)),
  );
  const log = await openFileLog(folder, TOPIC, 1);
  await fc.assert(
    fc.asyncProperty(fc.nat(count - 1), fc.nat(300), async (from, length) => {
      const to = Math.min(count, from + length);
      const records = await readRange(log, 0, from, to);
      expect(records.map(({ offset }) => offset)).toEqual(
        Array.from({ length: to - from }, (_, index) => from + index),
      );
    }),
  );
  await log.close();
});

test("a record larger than the reading buffer is read whole", async () => {
  const folder = await temporaryFolder();
  const large = "x".repeat(700_000);
  await (await openFileLog(folder, TOPIC, 1)).append([message("a"), message(large), message("b")]);
  const log = await openFileLog(folder, TOPIC, 1);
  const values = (await readRange(log, 0, 0, 3)).map(({ value }) => value);
  expect(values).toEqual(["a", large, "b"]);
  await log.close();
});

test("one line a record, to be read with cat", async () => {
  const folder = await temporaryFolder();
  const log = await openFileLog(folder, TOPIC, 1);
  await log.append([message('{"a":1}'), message("two\nlines")]);
  await log.close();
  expect(await readFile(join(folder, "t-0.log"), "utf8")).toBe(
    '0\t7\tbitcoin\t{"a":1}\n1\t7\tbitcoin\ttwo\\nlines\n',
  );
});

test("a file that is no log, or lacks records, is an error that says what to do", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "t-0.log");
  await writeFile(path, "something else\n");
  await expect(openFileLog(folder, TOPIC, 1)).rejects.toThrow(/is corrupt.*--fresh/);

  await writeFile(path, "");
  const other = await openFileLog(folder, TOPIC, 1);
  await other.append([message("a"), message("b"), message("c")]);
  await other.close();
  const lines = (await readFile(path, "utf8")).split("\n");
  await truncate(path);
  await appendFile(path, [lines[0], lines[2], ""].join("\n"));
  const holed = await openFileLog(folder, TOPIC, 1);
  await expect(readRange(holed, 0, 0, 3)).rejects.toThrow(LabError);
  await holed.close();
});

test("a thousand partitions need no more open files than one", async () => {
  const folder = await temporaryFolder();
  const script = `
    import { openFileLog } from "./labs/log/file.js";
    const log = await openFileLog(process.argv[1], "t", 1000);
    await log.append(Array.from({ length: 5000 }, (_, n) => ({ key: "k" + n, value: "v", timestampMs: n })));
    let count = 0;
    for (const [partition, end] of (await log.endOffsets()).entries())
      for await (const records of log.read(partition, 0, end)) count += records.length;
    console.log(count);`;
  const { stdout } = await promisify(execFile)("bash", [
    ...["-c", 'ulimit -n 128 && exec npx tsx --input-type=module -e "$1" "$2"', "bash"],
    ...[script, folder],
  ]);
  expect(stdout.trim()).toBe("5000");
});

test("a file whose beginning is gone keeps its offsets, and says which it holds", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "t-0.log");
  const log = await openFileLog(folder, TOPIC, 1);
  await log.append(Array.from({ length: 100 }, (_, index) => message(`${index}`)));
  const lines = (await readFile(path, "utf8")).split("\n");
  await writeFile(path, lines.slice(60).join("\n"));
  const cut = await openFileLog(folder, TOPIC, 1);
  expect([await cut.startOffsets(), await cut.endOffsets()]).toEqual([[60], [100]]);
  expect((await readRange(cut, 0, 70, 72)).map(({ value }) => value)).toEqual(["70", "71"]);
  await expect(readRange(cut, 0, 50, 72)).rejects.toThrow(/expected offsets 50–71, found 60–99/);
  await cut.close();
});

test("a file that is deleted or changed under the log is an error, and nothing is written to it", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "t-0.log");
  const log = await openFileLog(folder, TOPIC, 1);
  await log.append([message("a"), message("b")]);
  const reopened = await openFileLog(folder, TOPIC, 1);
  await truncate(path, 5);
  await expect(log.append([message("c")])).rejects.toThrow(/expected 28 bytes, found 5/);
  await rm(path);
  await expect(log.append([message("c")])).rejects.toThrow(/cannot append .*it does not exist/);
  await expect(readRange(reopened, 0, 0, 1)).rejects.toThrow(/cannot read .*it does not exist/);
  expect(await readdir(folder)).toEqual([]);
});

test("no piece of a range is empty, also behind a record that is longer than all others", async () => {
  const folder = await temporaryFolder();
  const messages = Array.from({ length: 558 }, (_, index): Message => {
    return { key: "k", value: "x".repeat(index === 176 ? 86_395 : 141), timestampMs: index };
  });
  await (await openFileLog(folder, "t", 1)).append(messages);
  for (let end = 1; end <= messages.length; end++) {
    const log = await openFileLog(folder, "t", 1); // anew: one that has read knows where it is
    const pieces: LogRecord[][] = [];
    for await (const piece of log.read(0, end - 1, end)) pieces.push(piece);
    expect(pieces.map((piece) => piece.map(({ offset }) => offset))).toEqual([[end - 1]]);
  }
});
