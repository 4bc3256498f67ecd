import { watch } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { sleep, startTimer } from "../../../labs/shared/wait.js";
import { parseJson } from "../../../labs/shared/json.js";
import * as solution from "../../../solutions/25-results-with-offsets.js";
import { checksOf, isClose, wrong } from "../checks.js";
import { startAnswer } from "../process.js";
import { brokers, send, uniqueName, withTopic, type Sent } from "../systems.js";

const check = checksOf(solution);

const PARTITIONS = 3;
const LIMIT_MS = 30_000;
const MANY = 30_000;
const MAX_RECORDS_PER_VERSION = 500;
/** How long the kernel may take to report that a file was replaced. */
const EVENT_MS = 100;
const KEYS = ["bitcoin", "ethereum", "solana", "dogecoin", "constructor", "Ω"];
/** Many names make the file large enough to be seen while it is written. */
const keyOf = (index: number) => KEYS[index % 7] ?? `asset ${index % 1_000}`;

/** Whole numbers of any sign. */
const records = (from: number, to: number): Sent[] =>
  Array.from({ length: to - from }, (_, index) => {
    const number = from + index;
    const value = String(((number * 37) % 23) - 5);
    return { key: keyOf(number), value, partition: (number * 5) % PARTITIONS };
  });

function totalsOf(sent: readonly Sent[]): Map<string, number> {
  const totals = new Map<string, number>();
  for (const { key, value } of sent) totals.set(key!, (totals.get(key!) ?? 0) + Number(value));
  return totals;
}

/** Looks at the file as others do, until told to stop. */
function watchFile(path: string) {
  const seen = { versions: 0, broken: undefined as string | undefined };
  let last: string | undefined;
  let isStopped = false;
  const watching = (async () => {
    while (!isStopped) {
      const text = await readFile(path, "utf8").catch(() => undefined);
      if (text !== undefined && text !== last) {
        last = text;
        seen.versions++;
        if (parseJson(text) === undefined) seen.broken = text.slice(0, 100);
      }
      await sleep(1);
    }
  })();
  return { seen, stop: () => ((isStopped = true), watching) };
}

/** Counts how often the file is replaced, until told to stop. */
function countVersions(path: string): () => Promise<number> {
  let versions = 0;
  const watcher = watch(dirname(path), (event, name) => {
    if (event === "rename" && name === basename(path)) versions++;
  });
  return async () => {
    await sleep(EVENT_MS);
    watcher.close();
    return versions;
  };
}

/** Compares the file with what was sent. */
async function judge(input: string, path: string, sent: readonly Sent[]): Promise<void> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined)
    throw wrong(input, "a file", "none", "Write the file before you resolve.");
  const parsed = parseJson(text) as { totals?: Record<string, number> } | undefined;
  const found = new Map(Object.entries(parsed?.totals ?? {}));
  for (const [key, total] of totalsOf(sent)) {
    if (isClose(found.get(key), total)) continue;
    throw wrong(
      input,
      `${key}: ${total}`,
      `${key}: ${found.get(key)}`,
      key in {}
        ? `Every object has a property ${key}: collect the totals in a Map.`
        : "Each record counts once: write totals and offsets together.",
    );
  }
}

/**
 * Runs the answer in a process of its own until it resolves, or kills it when the file has changed often enough.
 *
 * @returns whether it was killed
 */
async function call(
  path: string,
  args: [topic: string, file: string, group: string],
  killAfter = Infinity,
): Promise<boolean> {
  const watcher = watchFile(args[1]);
  const answer = startAnswer(path, "addUp", [brokers, ...args]);
  let isOver = false;
  const limit = startTimer(LIMIT_MS, answer.kill);
  const killing = (async () => {
    while (!isOver && watcher.seen.versions <= killAfter) await sleep(1);
    if (!isOver) answer.kill();
  })();
  const outcome = await answer.result.then(
    () => "resolved",
    (error: unknown) => error,
  );
  isOver = true;
  limit.cancel();
  await killing;
  await watcher.stop();
  if (watcher.seen.broken !== undefined) {
    throw wrong(
      "somebody reads the file at any moment",
      "no file, or a complete one",
      watcher.seen.broken || "an empty file",
      "Write a temporary file, and rename it.",
    );
  }
  if (outcome === "resolved") return false;
  if (!(outcome instanceof Error) || outcome.name !== "Killed") throw outcome;
  if (watcher.seen.versions > killAfter) return true;
  throw wrong(
    "a call that nobody kills",
    "resolved",
    `not resolved after ${LIMIT_MS / 1_000} s`,
    "Compare your next offsets with the end offsets.",
  );
}

async function withFile(run: (file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "totals-"));
  await run(join(folder, "totals.json")).finally(() => rm(folder, { recursive: true }));
}

export default [
  check.scenario("each record counts once, over several calls", (_, path) =>
    withTopic("totals", PARTITIONS, (topic) =>
      withFile(async (file) => {
        const group = uniqueName("group");
        await send(topic, records(0, 40));
        await call(path, [topic, file, group]);
        await judge("40 records", file, records(0, 40));
        await call(path, [topic, file, group]);
        await judge("the same again: nothing is new", file, records(0, 40));
        await send(topic, records(40, 100));
        await call(path, [topic, file, group]);
        await judge("60 more records", file, records(0, 100));
      }),
    ),
  ),
  check.scenario("the file is updated at least every 500 records", (_, path) =>
    withTopic("totals", PARTITIONS, (topic) =>
      withFile(async (file) => {
        const sent = records(0, MANY);
        await send(topic, sent);
        const input = `${MANY.toLocaleString("en-US")} records`;
        const versions = countVersions(file);
        await call(path, [topic, file, uniqueName("group")]);
        await judge(input, file, sent);
        const [found, right] = [await versions(), (0.9 * MANY) / MAX_RECORDS_PER_VERSION];
        if (found >= right) return;
        throw wrong(
          input,
          `the file is replaced about ${MANY / MAX_RECORDS_PER_VERSION} times`,
          `number of times: ${found}`,
          "Write the file while you read: a crash costs what was read since the last time.",
        );
      }),
    ),
  ),
  check.scenario("kill -9, three times", (_, path) =>
    withTopic("totals", PARTITIONS, (topic) =>
      withFile(async (file) => {
        const group = uniqueName("group");
        const sent = records(0, MANY);
        await send(topic, sent);
        const input = "30,000 records; killed while the file grows";
        let kills = 0;
        for (const after of [2, 5, 9]) {
          kills += Number(await call(path, [topic, file, group], after));
        }
        await call(path, [topic, file, group]);
        await judge(input, file, sent);
        // The check before has seen that the file is updated often enough.
        if (kills === 0) throw new Error("this machine was too busy to kill your code in time");
      }),
    ),
  ),
];
