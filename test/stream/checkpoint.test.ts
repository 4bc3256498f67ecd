import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as zlib from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { LabError } from "../../labs/shared/errors.js";
import { localStore } from "../../labs/store/local.js";
import { takeChanges } from "../../labs/stream/state-changes.js";
import type { Committed } from "../../labs/stream/batch.js";
import { openCheckpoint, type CheckpointSettings } from "../../labs/stream/checkpoint.js";
import { addEvent, openState } from "../../labs/stream/state.js";
import { latestPrices } from "../../labs/stream/latest.js";
import { LATEST_FILE } from "../../labs/store/products.js";
import { temporaryFolder } from "../support/folder.js";

const SETTINGS = { window: "1m", partitions: 3 };

/** An event that changes no price: it is older than any. */
const OLD = { priceUsd: 1, eventTimeMs: -10 };
const RECORD = { offset: 0, timestampMs: 0, key: "", value: "" };

const progress = (batchId: number): Committed => ({
  plan: { batchId, endOffsets: [batchId, 0, 7], watermarkMs: batchId === 0 ? null : 1_000 },
  maxEventTimeMs: 5_000,
  totals: { events: 12 },
  assets: new Map([["bitcoin\n\t✓", { latest: { priceUsd: 1.5, eventTimeMs: -3, offset: 9 } }]]),
});

/** @param withFiles whether the commits list files; those of an older version do not */
async function filled(batches: number, withFiles = true): Promise<string> {
  const folder = await temporaryFolder();
  const state = openState([latestPrices()], progress(0).assets, null);
  const checkpoint = await openCheckpoint(localStore(folder, { sync: false }), "t", SETTINGS);
  for (let batchId = 0; batchId < batches; batchId++) {
    for (const asset of state.assets.keys()) addEvent(state, { ...OLD, asset }, RECORD, 0);
    await checkpoint.writePlan(progress(batchId).plan);
    const files = withFiles ? filesOf(batchId) : undefined;
    await checkpoint.commit(progress(batchId), state, takeChanges(state), Promise.resolve(files));
  }
  return folder;
}

/** What a batch lists: its own file, and the one that every batch replaces. */
const filesOf = (batchId: number) =>
  [`prices/part-${String(batchId).padStart(8, "0")}.parquet`, LATEST_FILE].map((path) => ({
    path,
    bytes: 100 + batchId,
    rows: batchId,
    crc32: batchId.toString(16).padStart(8, "0"),
  }));

test("a new checkpoint has nothing committed and nothing unfinished", async () => {
  const checkpoint = await openCheckpoint(localStore(await temporaryFolder()), "t", SETTINGS);
  expect(await checkpoint.lastCommitted()).toBeUndefined();
  expect(await checkpoint.unfinished()).toBeUndefined();
});

test("what was committed last and what was planned after it are read back", async () => {
  const folder = await filled(3);
  const before = await openCheckpoint(localStore(folder), "t", SETTINGS);
  await before.writePlan(progress(3).plan);
  const checkpoint = await openCheckpoint(localStore(folder), "t", SETTINGS);
  expect(await checkpoint.lastCommitted()).toEqual(progress(2));
  expect(await checkpoint.unfinished()).toEqual(progress(3).plan);
});

test("the layout is Spark's, and old batches are cleared away", async () => {
  const folder = await filled(105);
  expect((await readdir(join(folder, "checkpoint"))).sort()).toEqual([
    "commits",
    "manifest",
    "metadata",
    "offsets",
    "state",
  ]);
  expect(await readdir(join(folder, "checkpoint/offsets"))).toHaveLength(100);
  expect(await readdir(join(folder, "checkpoint/commits"))).toHaveLength(100);
  expect((await readdir(join(folder, "checkpoint/state"))).sort()).toEqual(["103", "104"]);
  const lines = (await readFile(join(folder, "checkpoint/offsets/104"), "utf8")).split("\n");
  expect(lines.slice(0, 3)).toEqual(["v1", '{"batchWatermarkMs":1000}', '{"t":[104,0,7]}']);
});

test("state is written in a version that earlier versions of the lab refuse, and theirs are read", async () => {
  const folder = await filled(3);
  const path = join(folder, "checkpoint/state/2");
  const [version, ...lines] = (await readFile(path, "utf8")).split("\n");
  expect(version).toBe("v3");
  for (const earlier of ["v1", "v2"]) {
    const body = [earlier, ...lines.slice(0, -2), ""].join("\n");
    await writeFile(path, `${body}crc32 ${zlib.crc32(body).toString(16)}\n`);
    const checkpoint = await openCheckpoint(localStore(folder), "t", SETTINGS);
    expect(await checkpoint.lastCommitted()).toEqual(progress(2));
  }
});

test("the files of every batch stay listed, in a number of files that does not grow with every batch", async () => {
  for (const batches of [0, 1, 100, 101, 205, 350]) {
    const folder = await filled(batches);
    const checkpoint = await openCheckpoint(localStore(folder), "t");
    const { files, batchesWithoutList, mayBeUnlisted } = await checkpoint.manifest();
    const expected = new Map(
      Array.from({ length: batches }, (_, batchId) => filesOf(batchId))
        .flat()
        .map((file) => [file.path, file]),
    );
    expect(files).toEqual(expected);
    expect(batchesWithoutList).toBe(0);
    expect(mayBeUnlisted("prices/part-00000000.parquet")).toBe(false);
    expect(checkpoint.settings).toEqual(SETTINGS);
    const count = async (name: string) =>
      (await readdir(join(folder, "checkpoint", name)).catch((): string[] => [])).length;
    expect(await count("commits")).toBe(Math.min(batches, 100));
    expect(await count("manifest")).toBe(Math.floor(Math.max(0, batches - 1) / 100));
  }
});

test("a checkpoint of an older version is continued, and says which batches have no list", async () => {
  for (const [old, more] of [
    [3, 2],
    [150, 100],
    [250, 60],
  ] as const) {
    const folder = await filled(old, false);
    await rm(join(folder, "checkpoint/manifest"), { recursive: true, force: true });
    const checkpoint = await openCheckpoint(localStore(folder, { sync: false }), "t", SETTINGS);
    expect(await checkpoint.lastCommitted()).toEqual(progress(old - 1));
    const state = openState([latestPrices()], progress(0).assets, null);
    const before = await checkpoint.manifest();
    expect(before.batchesWithoutList).toBe(old);
    expect(before.mayBeUnlisted(LATEST_FILE)).toBe(true);
    for (let batchId = old; batchId < old + more; batchId++) {
      await checkpoint.writePlan(progress(batchId).plan);
      const written = Promise.resolve(filesOf(batchId));
      await checkpoint.commit(progress(batchId), state, takeChanges(state), written);
    }
    const { files, batchesWithoutList, mayBeUnlisted } = await checkpoint.manifest();
    expect(batchesWithoutList).toBe(old);
    expect(files.size).toBe(more + 1);
    const part = (batchId: number) => filesOf(batchId)[0]!.path;
    expect([0, old - 1, old, old + more].map((batchId) => mayBeUnlisted(part(batchId)))).toEqual([
      ...[true, true, false, false],
    ]);
    expect(mayBeUnlisted(LATEST_FILE)).toBe(false);
  }
});

test("of latest/ the version counts that was written last, by a batch or after one", async () => {
  const folder = await filled(3);
  const reopen = () => openCheckpoint(localStore(folder, { sync: false }), "t", SETTINGS);
  const latest = async () => (await (await reopen()).manifest()).files.get(LATEST_FILE);
  expect(await latest()).toEqual(filesOf(2)[1]);
  const after = { path: LATEST_FILE, bytes: 7, rows: 1, crc32: "00000001" };
  const checkpoint = await reopen();
  await checkpoint.lastCommitted();
  await checkpoint.recordLatest(after);
  expect(await latest()).toEqual(after);
  const state = openState([latestPrices()], progress(0).assets, null);
  await checkpoint.writePlan(progress(3).plan);
  await checkpoint.commit(progress(3), state, takeChanges(state), Promise.resolve(filesOf(3)));
  expect(await latest()).toEqual(filesOf(3)[1]);
});

test("other settings are refused, saying which differs", async () => {
  const folder = await filled(1);
  await expect(
    openCheckpoint(localStore(folder), "t", { window: "2m", partitions: 3 }),
  ).rejects.toThrow(/--window was 1m, now 2m;/);
});

test.each([
  [{ tape: "7b47" }, { tape: "abb0" }, "the content of the tape differs (--tape)"],
  [
    { source: "market", seed: 1 },
    { source: "replay", tape: "f5cb" },
    "--source was market, now replay; --seed was 1, now not set",
  ],
  [{ "use-exercises": "" }, { "use-exercises": "08" }, "--use-exercises was none, now 08"],
])("settings %j are not %j, in the user's words", async (then, now, words) => {
  const store = localStore(await temporaryFolder());
  await openCheckpoint(store, "t", then as CheckpointSettings);
  await expect(openCheckpoint(store, "t", now as CheckpointSettings)).rejects.toThrow(
    `created with other settings: ${words}; use the same`,
  );
});

test("a checkpoint damaged at any place is refused with a clear error, never used", async () => {
  const pristine = await filled(3);
  const names = ["metadata", "offsets/2", "state/2", "commits/2"];
  const contents = new Map<string, Buffer>();
  for (const name of names) contents.set(name, await readFile(join(pristine, "checkpoint", name)));
  async function use(): Promise<unknown> {
    const checkpoint = await openCheckpoint(localStore(pristine), "t", SETTINGS);
    await checkpoint.unfinished();
    return await checkpoint.lastCommitted();
  }
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("metadata", "state/2", "commits/2"),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
      async (name, position, change, cut) => {
        const whole = contents.get(name)!;
        const damaged = Buffer.from(whole);
        const at = position % whole.length;
        damaged[at] = damaged[at]! ^ change;
        await writeFile(join(pristine, "checkpoint", name), cut ? whole.subarray(0, at) : damaged);
        const error = await use().catch((reason: unknown) => reason);
        await writeFile(join(pristine, "checkpoint", name), whole);
        expect(error).toBeInstanceOf(LabError);
        expect(String(error)).toMatch(/is corrupt|other settings/);
      },
    ),
  );
  expect(await use()).toEqual(progress(2));
});

test("missing files are told from a checkpoint that was never begun", async () => {
  for (const name of ["metadata", "state/2", "offsets/2"]) {
    const folder = await filled(3);
    await rm(join(folder, "checkpoint", name));
    const use = async () => {
      const checkpoint = await openCheckpoint(localStore(folder), "t", SETTINGS);
      await checkpoint.unfinished();
      return await checkpoint.lastCommitted();
    };
    await expect(use(), name).rejects.toThrow(/is corrupt/);
  }
});

test("a checkpoint of a query that lacked an operator is refused", () => {
  const saved: [string, Record<string, unknown>][] = [["bitcoin", { panes: [] }]];
  expect(() => openState([latestPrices()], saved, null)).toThrow(
    /has no state of the operator latest: .*--fresh/,
  );
});
