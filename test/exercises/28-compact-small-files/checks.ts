import { userInfo } from "node:os";
import axios from "axios";
import { sleep } from "../../../labs/shared/wait.js";
import type { Store } from "../../../labs/store/store.js";
import * as solution from "../../../solutions/28-compact-small-files.js";
import { checksOf, wrong } from "../checks.js";
import { hdfs, withFolder } from "../systems.js";
import { openGateway, type Cut, type Failure, type Seen } from "./gateway.js";

const check = checksOf(solution);

const LIMIT_MS = 10_000;
const USER = userInfo().username;

const atHdfs = `${hdfs.host}:${hdfs.httpPort}`;

/** By version and name of the file: its rows, of which the last one may lack its line break. */
type Table = Record<string, Record<string, string>>;

const versionsIn = (names: readonly string[]) =>
  names
    .flatMap((name) => /^v(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);

/** A table on HDFS. */
interface Place {
  path: string;
  store: Store;
}

interface Listing {
  FileStatuses: { FileStatus: { pathSuffix: string }[] };
}

/** All names in a folder of the table, sorted, also those that the store hides. */
async function namesIn({ path }: Place, folder = ""): Promise<string[]> {
  const url = `http://${atHdfs}/webhdfs/v1${path}/${folder}`;
  const { data } = await axios.get<Listing>(url, { params: { op: "LISTSTATUS" }, proxy: false });
  return data.FileStatuses.FileStatus.map(({ pathSuffix }) => pathSuffix).sort();
}

/** The rows of a table, as its readers find them; a text if there is nothing that they can read. */
async function rowsOf(table: Place): Promise<string[] | string> {
  const newest = versionsIn(await namesIn(table)).at(-1);
  if (newest === undefined) return "no version";
  const rows: string[] = [];
  for (const file of await namesIn(table, `v${newest}`)) {
    const lines = (await table.store.read(`v${newest}/${file}`)).toString().split("\n");
    if (lines.at(-1) === "") lines.pop();
    rows.push(...lines);
  }
  return rows;
}

/** What the table contains, as a tree. */
async function treeOf(table: Place): Promise<string> {
  const lines: string[] = [];
  for (const name of await namesIn(table)) {
    lines.push(`${name}: ${(await namesIn(table, name)).join(" ")}`);
  }
  return lines.join("; ") || "nothing";
}

const shown = (rows: string[] | string) =>
  typeof rows === "string"
    ? rows
    : `${rows.length} ${rows.length === 1 ? "row" : "rows"}: ${rows.map((row) => (row === "" ? "(an empty line)" : row)).join(", ")}`;

/** Creates the table on HDFS, and runs a function with its place. */
const withTable = (table: Table, run: (place: Place) => Promise<void>): Promise<void> =>
  withFolder("compact", async ({ name: folder, store }) => {
    for (const [version, files] of Object.entries(table)) {
      for (const [name, text] of Object.entries(files))
        await store.write(`${version}/${name}`, text);
    }
    await run({ path: `/${folder}`, store });
  });

const notSettled = new Error(`neither resolved nor rejected after ${LIMIT_MS / 1_000} s`);

/**
 * Runs the answer through a gateway. @returns its requests, and its error
 */
async function run(
  subject: typeof solution,
  path: string,
  disturbance?: Cut | Failure,
): Promise<{ requests: Seen[]; error: unknown }> {
  const gateway = await openGateway(atHdfs, disturbance);
  try {
    const isOver = new AbortController();
    const error = await Promise.race([
      subject.compact(gateway.url, USER, path).then(
        () => undefined,
        (thrown: unknown) => thrown ?? new Error("rejected with undefined"),
      ),
      sleep(LIMIT_MS, isOver.signal).then(() => notSettled),
    ]);
    isOver.abort();
    if (error instanceof Error && error.name === "NotDone") throw error;
    return { requests: gateway.requests, error };
  } finally {
    await gateway.close();
  }
}

/** The table must have one version of one file, which has these rows. */
async function judge(input: string, place: Place, right: string[], error: unknown): Promise<void> {
  if (error !== undefined) {
    const message = error instanceof Error ? error.message : String(error);
    throw wrong(
      input,
      "resolved",
      `${message}; the table has ${await treeOf(place)}`,
      "Begin by removing what a killed call has left.",
    );
  }
  const found = await rowsOf(place);
  if (shown(found) !== shown(right)) {
    throw wrong(
      input,
      shown(right),
      shown(found),
      "Each row once, in the order of the files, each in a line of its own.",
    );
  }
  const names = await namesIn(place);
  const files = names.length === 1 ? await namesIn(place, names[0]) : [];
  if (names.length !== 1 || files.length !== 1) {
    throw wrong(
      input,
      "one version with one file, and nothing else",
      await treeOf(place),
      "Remove old versions and temporary folders.",
    );
  }
}

/** Readers must find all rows at this moment. */
async function judgeReaders(input: string, place: Place, right: string[]): Promise<void> {
  const seen = await rowsOf(place).catch((error: unknown) => (error as Error).message);
  if (shown(seen) !== shown(right)) {
    throw wrong(
      input,
      `readers find ${shown(right)}`,
      `${shown(seen)}; the table has ${await treeOf(place)}`,
      "A new version must become visible as a whole, and old ones disappear after that.",
    );
  }
}

const compacts = (
  name: string,
  table: Table,
  rows: string[],
  leftOver: Record<string, string> = {},
) =>
  check.scenario(name, (subject) =>
    withTable(table, async (place) => {
      for (const [file, text] of Object.entries(leftOver)) await place.store.write(file, text);
      const input = await treeOf(place);
      await judge(input, place, rows, (await run(subject, place.path)).error);
    }),
  );

const MANY: Table = {
  v9: { "part-0": "old\n" },
  v10: { "part-2": "e\nf", "part-0": "a\nb\n", "part-1": "c\n\u{1F680} d\n", "part-3": "g\n" },
};
const ROWS = ["a", "b", "c", "\u{1F680} d", "e", "f", "g"];

/** Where a cut leaves the table: readers must find all rows, and the next call must finish. */
async function judgeCut(subject: typeof solution, cut: Cut): Promise<void> {
  await withTable(MANY, async (place) => {
    const when = { nothing: "before", half: "in the middle of", all: "after" }[cut.reaches];
    const input = `killed ${when} its request ${cut.at}`;
    await run(subject, place.path, cut);
    await judgeReaders(input, place, ROWS);
    await judge(`${input}; called again`, place, ROWS, (await run(subject, place.path)).error);
  });
}

/** A failed request: the call must reject, readers must find all rows, and the next call must finish. */
async function judgeFailure(
  subject: typeof solution,
  failure: Failure,
  operation: string,
): Promise<void> {
  await withTable(MANY, async (place) => {
    const answer = { "500": "status 500", false: '{"boolean":false}' }[failure.answers];
    const input = `request ${failure.at}, ${operation}, is answered with ${answer}`;
    const { error } = await run(subject, place.path, failure);
    if (error === undefined || error === notSettled) {
      throw wrong(
        input,
        "rejected",
        error === undefined ? "resolved" : notSettled.message,
        "A caller that sees no error believes that the table was compacted.",
      );
    }
    await judgeReaders(input, place, ROWS);
    await judge(`${input}; called again`, place, ROWS, (await run(subject, place.path)).error);
  });
}

/** The requests of an undisturbed call, with their numbers. */
async function requestsOf(subject: typeof solution): Promise<(Seen & { at: number })[]> {
  let seen: Seen[] = [];
  await withTable(MANY, async ({ path }) => {
    seen = (await run(subject, path)).requests;
  });
  return seen.map((each, index) => ({ ...each, at: index + 1 }));
}

export default [
  compacts("four files become one", MANY, ROWS),
  check.scenario("a version with one file stays as it is", (subject) =>
    withTable({ v2: { old: "a\n" }, v3: { only: "a\nb\n" } }, async (place) => {
      const input = await treeOf(place);
      await judge(input, place, ["a", "b"], (await run(subject, place.path)).error);
      const tree = await treeOf(place);
      if (tree !== "v3: only") {
        throw wrong(input, "v3: only", tree, "There is nothing to merge: only remove the rest.");
      }
    }),
  ),
  compacts(
    "empty files and missing line breaks",
    { v1: { a: "", b: "1", c: "2\n", d: "", e: "3" } },
    ["1", "2", "3"],
  ),
  compacts(
    "what a killed call has left",
    { v1: { a: "1\n" }, v2: { a: "1\n", b: "2\n" } },
    ["1", "2"],
    {
      "compacting/part-7.jsonl": "half a",
      "tmp/x": "rubbish",
      ".tmp/x": "rubbish",
      "_temporary/y": "rubbish",
    },
  ),
  check.scenario("each of its requests fails once", async (subject) => {
    for (const { at, operation } of await requestsOf(subject)) {
      await judgeFailure(subject, { at, answers: "500" }, operation);
      if (operation === "RENAME") await judgeFailure(subject, { at, answers: "false" }, operation);
    }
  }),
  check.scenario("killed at each of its requests", async (subject) => {
    for (const { at, hasData } of await requestsOf(subject)) {
      await judgeCut(subject, { at, reaches: "nothing" });
      if (hasData) await judgeCut(subject, { at, reaches: "half" });
      await judgeCut(subject, { at, reaches: "all" });
    }
  }),
];
