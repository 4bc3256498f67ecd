import { userInfo } from "node:os";
import { sleep } from "../../../labs/shared/wait.js";
import { hdfsStore } from "../../../labs/store/hdfs.js";
import type { Store } from "../../../labs/store/store.js";
import * as solution from "../../../solutions/28-compact-small-files.js";
import { checksOf, wrong } from "../checks.js";
import { hdfs, uniqueName } from "../systems.js";
import { openGateway, type Cut } from "./gateway.js";

const check = checksOf(solution);

const LIMIT_MS = 10_000;
const USER = userInfo().username;

/** By version and name of the file: its rows, of which the last one may lack its line break. */
type Table = Record<string, Record<string, string>>;

const versionsIn = (names: readonly string[]) =>
  names
    .flatMap((name) => /^v(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);

/** The rows of a table, as its readers find them; a text if there is nothing that they can read. */
async function rowsOf(store: Store): Promise<string[] | string> {
  const newest = versionsIn(await store.list("")).at(-1);
  if (newest === undefined) return "no version";
  const rows: string[] = [];
  for (const file of (await store.list(`v${newest}`)).sort()) {
    const text = (await store.read(`v${newest}/${file}`)).toString();
    rows.push(...text.split("\n").filter((row) => row !== ""));
  }
  return rows;
}

/** What the table contains, as a tree. */
async function treeOf(store: Store): Promise<string> {
  const names = (await store.list("")).sort();
  const lines = await Promise.all(
    names.map(
      async (name) => `${name}: ${(await store.list(name).catch(() => [])).sort().join(" ")}`,
    ),
  );
  return lines.join("; ") || "nothing";
}

const shown = (rows: string[] | string) =>
  typeof rows === "string"
    ? rows
    : `${rows.length} rows: ${rows.slice(0, 6).join(" ")}${rows.length > 6 ? " …" : ""}`;

/** Creates the table on HDFS, and runs a function with its store and path. */
async function withTable(
  table: Table,
  run: (store: Store, path: string) => Promise<void>,
): Promise<void> {
  const path = `/${uniqueName("compact")}`;
  const store = hdfsStore({ ...hdfs, path }, true);
  try {
    for (const [version, files] of Object.entries(table)) {
      for (const [name, text] of Object.entries(files))
        await store.write(`${version}/${name}`, text);
    }
    await run(store, path);
  } finally {
    await store.remove("");
  }
}

const atHdfs = `${hdfs.host}:${hdfs.httpPort}`;

/**
 * Runs the answer through a gateway. @returns its requests, and its error
 */
async function run(
  subject: typeof solution,
  path: string,
  cut?: Cut,
): Promise<{ requests: { hasData: boolean }[]; error: unknown }> {
  const gateway = await openGateway(atHdfs, cut);
  try {
    const isOver = new AbortController();
    const error = await Promise.race([
      subject.compact(gateway.url, USER, path).then(
        () => undefined,
        (thrown: unknown) => thrown ?? new Error("rejected with undefined"),
      ),
      sleep(LIMIT_MS, isOver.signal).then(
        () => new Error(`not resolved after ${LIMIT_MS / 1_000} s`),
      ),
    ]);
    isOver.abort();
    if (error instanceof Error && error.name === "NotDone") throw error;
    return { requests: gateway.requests, error };
  } finally {
    await gateway.close();
  }
}

/** The table must have one version of one file, which has these rows. */
async function judge(input: string, store: Store, right: string[], error: unknown): Promise<void> {
  if (error !== undefined) {
    const message = error instanceof Error ? error.message : String(error);
    throw wrong(
      input,
      "resolved",
      `${message}; the table has ${await treeOf(store)}`,
      "Begin by removing what a killed call has left.",
    );
  }
  const found = await rowsOf(store);
  if (shown(found) !== shown(right) || found.toString() !== right.toString()) {
    throw wrong(
      input,
      shown(right),
      shown(found),
      "Each row once, in the order of the files, each in a line of its own.",
    );
  }
  const names = await store.list("");
  const files = names.length === 1 ? await store.list(names[0]!) : [];
  if (names.length !== 1 || files.length !== 1) {
    throw wrong(
      input,
      "one version with one file, and nothing else",
      await treeOf(store),
      "Remove old versions and temporary folders.",
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
    withTable(table, async (store, path) => {
      for (const [file, text] of Object.entries(leftOver)) await store.write(file, text);
      const input = await treeOf(store);
      await judge(input, store, rows, (await run(subject, path)).error);
    }),
  );

const MANY: Table = {
  v9: { "part-0": "old\n" },
  v10: { "part-2": "e\nf", "part-0": "a\nb\n", "part-1": "c\n\u{1F680} d\n", "part-3": "g\n" },
};
const ROWS = ["a", "b", "c", "\u{1F680} d", "e", "f", "g"];

/** Where a cut leaves the table: readers must find all rows, and the next call must finish. */
async function judgeCut(subject: typeof solution, cut: Cut): Promise<void> {
  await withTable(MANY, async (store, path) => {
    const when = { nothing: "before", half: "in the middle of", all: "after" }[cut.reaches];
    const input = `killed ${when} its request ${cut.at}`;
    await run(subject, path, cut);
    const seen = await rowsOf(store).catch((error: unknown) => (error as Error).message);
    if (seen.toString() !== ROWS.toString()) {
      throw wrong(
        input,
        `readers find ${shown(ROWS)}`,
        `${shown(seen)}; the table has ${await treeOf(store)}`,
        "A new version must become visible as a whole, and old ones disappear after that.",
      );
    }
    await judge(`${input}; called again`, store, ROWS, (await run(subject, path)).error);
  });
}

export default [
  compacts("four files become one", MANY, ROWS),
  compacts("a version with one file stays as it is", { v3: { only: "a\nb\n" } }, ["a", "b"]),
  compacts(
    "empty files and missing line breaks",
    { v1: { a: "", b: "1", c: "2\n", d: "", e: "3" } },
    ["1", "2", "3"],
  ),
  compacts(
    "what a killed call has left",
    { v1: { a: "1\n" }, v2: { a: "1\n", b: "2\n" } },
    ["1", "2"],
    { "compacting/part-7.jsonl": "half a", "tmp/x": "rubbish", "_temporary/y": "rubbish" },
  ),
  check.scenario("killed at each of its requests", async (subject) => {
    await withTable(MANY, async (_, path) => {
      const { requests } = await run(subject, path);
      for (const [index, { hasData }] of requests.entries()) {
        const at = index + 1;
        await judgeCut(subject, { at, reaches: "nothing" });
        if (hasData) await judgeCut(subject, { at, reaches: "half" });
        await judgeCut(subject, { at, reaches: "all" });
      }
    });
  }),
];
