import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { LabError } from "../../labs/errors.js";
import { localStore } from "../../labs/store/local.js";
import { takeChanges } from "../../labs/stream/changes.js";
import { openCheckpoint, type Committed } from "../../labs/stream/checkpoint.js";
import { markChanged, restoreState } from "../../labs/stream/state.js";
import { NO_WATERMARK } from "../../labs/stream/watermark.js";
import { temporaryFolder } from "../support/folder.js";

const SETTINGS = { window: "1m", partitions: 3 };
const WINDOWS = { windowMs: 60_000, slideMs: 10_000 };

const progress = (batchId: number): Committed => ({
  plan: { batchId, endOffsets: [batchId, 0, 7], watermarkMs: batchId === 0 ? NO_WATERMARK : 1_000 },
  maxEventTimeMs: 5_000,
  totals: { events: 12 },
  assets: new Map([
    ["bitcoin\n\t✓", { panes: [], latest: { priceUsd: 1.5, eventTimeMs: -3, offset: 9 } }],
  ]),
});

async function filled(batches: number): Promise<string> {
  const folder = await temporaryFolder();
  const checkpoint = await openCheckpoint(localStore(folder), "t", SETTINGS);
  const state = restoreState(progress(0).assets, WINDOWS, NO_WATERMARK);
  for (let batchId = 0; batchId < batches; batchId++) {
    for (const assetState of state.assets.values()) markChanged(state, assetState);
    await checkpoint.writePlan(progress(batchId).plan);
    await checkpoint.commit(progress(batchId), state, takeChanges(state));
  }
  return folder;
}

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

test("other settings are refused, saying which differs", async () => {
  const folder = await filled(1);
  await expect(
    openCheckpoint(localStore(folder), "t", { window: "2m", partitions: 3 }),
  ).rejects.toThrow(/--window was 1m, now 2m;/);
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
