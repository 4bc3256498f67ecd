import { temporaryFolder } from "../support/folder.js";
import { mkdtemp, readdir, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openFileLog } from "../../labs/log/file.js";
import { TOPIC } from "../../labs/log/log.js";
import { runPipeline, sum, type PipelineOptions } from "../../labs/run/pipeline.js";
import { market } from "../../labs/source/market.js";
import { take } from "../../labs/course/lesson/observed.js";
import type { Source } from "../../labs/source/source.js";
import { localStore } from "../../labs/store/local.js";
import { readAll } from "../../labs/store/products.js";
import { openCheckpoint } from "../../labs/stream/checkpoint.js";
import { products } from "../support/products.js";
import { sourceOf } from "../support/source.js";

const PARTITIONS = 3;
const EVENTS = 600;
const OPTIONS: PipelineOptions = {
  windows: { windowMs: 10_000, slideMs: 5_000 },
  delayMs: 3_000,
  changeThreshold: 0.1,
  batchSize: 100,
  triggerMs: 1,
};

const tape = () => market({ seed: 1, events: EVENTS, assets: 8 });
const messages = await take(tape(), EVENTS);

/** A live source that has some of the tape's messages to give and then nothing. */
const live = (from: number, to: number) => sourceOf(messages.slice(from, to), false);

/** Runs the pipeline in a folder, to the end or until a batch whose output the sink does not get. */
async function run(folder: string, source: Source, crashInBatch = Infinity): Promise<void> {
  const log = await openFileLog(join(folder, "log"), TOPIC, PARTITIONS);
  const store = localStore(folder);
  const checkpoint = await openCheckpoint(store, TOPIC, {});
  const crashing = {
    ...checkpoint,
    writePlan: async (plan: Parameters<typeof checkpoint.writePlan>[0]) => {
      await checkpoint.writePlan(plan);
      if (plan.batchId >= crashInBatch) throw new Error("crash");
    },
  };
  try {
    const parts = { source, log, checkpoint: crashing, store };
    await runPipeline(parts, OPTIONS, new AbortController().signal);
  } catch (error) {
    if (!(error instanceof Error && error.message === "crash")) throw error;
  } finally {
    await log.close();
  }
}

async function inFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "lab-"));
  return body(folder).finally(() => rm(folder, { recursive: true }));
}

/** For each partition how much of its file is left: 0 is none, and none at all where it is deleted. */
const cuts = fc.array(
  fc.option(fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })), {
    nil: "deleted" as const,
  }),
  { minLength: PARTITIONS, maxLength: PARTITIONS },
);

/** @returns whether anything is gone */
async function cut(folder: string, left: (number | "deleted")[]): Promise<boolean> {
  let isLess = false;
  for (const [partition, share] of left.entries()) {
    const path = join(folder, "log", `${TOPIC}-${partition}.log`);
    const { size } = await stat(path);
    if (share === "deleted") await rm(path);
    else await truncate(path, Math.floor(size * share));
    if (size > 0 && share !== 1) isLess = true;
  }
  return isLess;
}

test("a log that was cut anywhere is filled again from a finite source: same products", async () => {
  await inFolder(async (quiet) => {
    await run(quiet, tape());
    const expected = await products(quiet);
    await fc.assert(
      fc.asyncProperty(cuts, fc.integer({ min: 0, max: 6 }), async (left, crashInBatch) => {
        await inFolder(async (folder) => {
          await run(folder, tape(), crashInBatch);
          await cut(folder, left);
          await run(folder, tape());
          expect(await products(folder)).toEqual(expected);
        });
      }),
      { numRuns: 15 },
    );
  });
});

test("a live source on a log that was cut is refused, saying which offsets are gone, and appends nothing", async () => {
  await fc.assert(
    fc.asyncProperty(cuts, fc.boolean(), async (left, isCrashed) => {
      await inFolder(async (folder) => {
        await run(folder, live(0, 300), isCrashed ? 1 : undefined);
        const isLess = await cut(folder, left);
        const log = await openFileLog(join(folder, "log"), TOPIC, PARTITIONS);
        const ends = await log.endOffsets();
        const again = run(folder, live(300, 400));
        if (isLess) {
          await expect(again).rejects.toThrow(
            /the log .*log has lost records .*: partition \d ends at offset \d+, not \d+.*--fresh/,
          );
          const now = await openFileLog(join(folder, "log"), TOPIC, PARTITIONS);
          expect(await now.endOffsets()).toEqual(ends);
        } else {
          await again;
          const store = localStore(folder);
          const rejected = (await readAll(store, "rejected")).length;
          expect(await readAll(store, "prices")).toHaveLength(sum(ends) + 100 - rejected);
        }
      });
    }),
    { numRuns: 15 },
  );
});

test("a live source on a log whose folder was deleted is refused", async () => {
  await inFolder(async (folder) => {
    await run(folder, live(0, 300));
    await rm(join(folder, "log"), { recursive: true });
    await expect(run(folder, live(300, 400))).rejects.toThrow(
      /partition 0 ends at offset 0, not \d+; partition 1 ends at offset 0, not \d+/,
    );
    expect(await readdir(join(folder, "log"))).toHaveLength(PARTITIONS);
  });
});

test("a finite source does not continue a log that another one has written to", async () => {
  await inFolder(async (folder) => {
    await run(folder, { ...live(0, 300), finite: true });
    await expect(run(folder, { ...live(300, 600), finite: true })).rejects.toThrow(
      /the log .* holds records in partition \d that test did not send.*--fresh/,
    );
  });
});

test("a source with a speed plays only what has not been played: what the log holds is skipped at once", async () => {
  const folder = await temporaryFolder();
  await run(folder, tape());
  const beganMs = performance.now();
  await run(folder, { ...tape(), speed: 1e-3 }); // hours, if it were played
  expect(performance.now() - beganMs).toBeLessThan(10_000);
});
