import fc from "fast-check";
import { expect, test } from "vitest";
import { priceMessage, type Message } from "../../labs/event.js";
import { openFileLog } from "../../labs/log/file.js";
import { TOPIC } from "../../labs/log/log.js";
import { runPipeline } from "../../labs/run/pipeline.js";
import { seededRandom } from "../../labs/source/market.js";
import type { Source } from "../../labs/source/source.js";
import { localStore } from "../../labs/store/local.js";
import { PRODUCT_NAMES, readAll, type BatchOutput } from "../../labs/store/products.js";
import { formatTime } from "../../labs/shared/time.js";
import { verifyStore } from "../../labs/run/verify.js";
import { openCheckpoint } from "../../labs/stream/checkpoint.js";
import { forgetfulDisk, type ForgetfulDisk } from "../support/forgetful-disk.js";
import { sourceOf } from "../support/source.js";

// The plug is pulled at any operation on the disk. What was committed must be there afterwards, and whole.

const PARTITIONS = 2;
const OPTIONS = {
  windows: { windowMs: 4_000, slideMs: 2_000 },
  delayMs: 1_000,
  changeThreshold: 1,
  batchSize: 4,
  triggerMs: 5,
};

/** The n-th message of a feed that never says the same twice; some are broken. */
function message(index: number): Message {
  const asset = ["bitcoin", "ethereum", "solana"][index % 3]!;
  const timeMs = 1_735_725_600_000 + index * 700;
  return index % 7 === 3
    ? { key: asset, value: `{broken ${index}`, timestampMs: timeMs }
    : priceMessage(asset, 100 + ((index * 37) % 50), formatTime(timeMs), timeMs);
}

const TAPE = sourceOf(Array.from({ length: 18 }, (_, index) => message(index)));

/**
 * One run of the pipeline, as long as there is power.
 *
 * @param onCommitted is told what each batch has written, once it is committed
 * @throws any error of the run that the power cut did not cause
 */
async function run(
  forgetful: ForgetfulDisk,
  from: Source,
  sync = true,
  onCommitted: (output: BatchOutput) => void = () => {},
): Promise<void> {
  const disk = forgetful.mount();
  const open = async () => {
    const store = localStore("/lab/out", { disk, sync });
    const log = await openFileLog("/lab/out/log", TOPIC, PARTITIONS, () => {}, { disk, sync });
    const checkpoint = await openCheckpoint(store, TOPIC, {});
    let written: BatchOutput | undefined;
    const commit = async (...progress: Parameters<typeof checkpoint.commit>) => {
      await checkpoint.commit(...progress);
      onCommitted(written!);
    };
    const observe = (output: BatchOutput) => (written = output);
    const parts = { source: from, log, store, observe, checkpoint: { ...checkpoint, commit } };
    await runPipeline(parts, OPTIONS, new AbortController().signal);
  };
  await open().catch((error: unknown) => {
    if (!forgetful.isOff) throw error;
  });
}

/** Every file of every product, byte for byte. */
async function products(disk: ForgetfulDisk): Promise<Record<string, string>> {
  const store = localStore("/lab/out", { disk: disk.mount() });
  const files: Record<string, string> = {};
  for (const product of PRODUCT_NAMES) {
    for (const name of await store.list(product)) {
      const path = `${product}/${name}`;
      files[path] = (await store.read(path)).toString("hex");
    }
  }
  return files;
}

async function undisturbed() {
  const disk = forgetfulDisk(() => 0);
  await run(disk, TAPE);
  return { operations: disk.operations, files: await products(disk) };
}

/** Cuts the power at each of these operations in turn, then lets the run end. */
async function cutAndContinue(disk: ForgetfulDisk, cuts: number[], sync = true): Promise<void> {
  for (const cut of cuts) {
    disk.cutPowerAt(cut);
    await run(disk, TAPE, sync);
    disk.restart();
  }
  await run(disk, TAPE, sync);
}

test("after a power cut at every single operation a replay ends with the products of an undisturbed run", async () => {
  const { operations, files } = await undisturbed();
  expect(Object.keys(files).length).toBeGreaterThan(10);
  for (let cut = 1; cut <= operations; cut++) {
    const disk = forgetfulDisk(seededRandom(cut));
    await cutAndContinue(disk, [cut]);
    expect(await products(disk), `cut at operation ${cut}`).toEqual(files);
  }
}, 300_000);

test("after several power cuts, and kills without one, the products are those of an undisturbed run and pass --verify", async () => {
  const { operations, files } = await undisturbed();
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 2 ** 31 }),
      fc.array(fc.integer({ min: 1, max: operations }), { minLength: 1, maxLength: 4 }),
      async (seed, cuts) => {
        const disk = forgetfulDisk(seededRandom(seed));
        await cutAndContinue(disk, cuts);
        expect(await products(disk)).toEqual(files);
        const { problems } = await verifyStore(localStore("/lab/out", { disk: disk.mount() }));
        expect(problems).toEqual([]);
      },
    ),
    { numRuns: 60, seed: 7 },
  );
}, 300_000);

test("of a live source everything that was committed survives power cuts, once", async () => {
  const { operations } = await undisturbed();
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 2 ** 31 }),
      fc.array(fc.integer({ min: 1, max: operations }), { minLength: 1, maxLength: 3 }),
      async (seed, cuts) => {
        const disk = forgetfulDisk(seededRandom(seed));
        const committed: BatchOutput[] = [];
        let next = 0;
        // What a feed has said once it does not say again.
        const feed = () =>
          sourceOf(
            (function* () {
              for (let count = 0; count < 18; count++) yield message(next++);
            })(),
            false,
          );
        const live = () => run(disk, feed(), true, (output) => committed.push(output));
        for (const cut of cuts) {
          disk.cutPowerAt(cut);
          await live();
          disk.restart();
        }
        await live();
        const store = localStore("/lab/out", { disk: disk.mount() });
        const times = (await readAll(store, "prices")).map(({ event_time }) => event_time);
        expect(new Set(times).size).toBe(times.length);
        const missing = committed
          .flatMap(({ prices }) => prices)
          .filter(({ event_time }) => !times.includes(event_time));
        expect(missing).toEqual([]);
        const rejected = (await readAll(store, "rejected")).map(({ raw }) => raw);
        for (const { raw } of committed.flatMap((output) => output.rejected)) {
          expect(rejected.filter((each) => each === raw)).toHaveLength(1);
        }
        expect((await verifyStore(store)).problems).toEqual([]);
      },
    ),
    { numRuns: 60, seed: 7 },
  );
}, 300_000);

test("without syncing, the same power cuts do lose data: the test can fail", async () => {
  const { operations, files } = await undisturbed();
  let lost = 0;
  // Without the syncs there are about half as many operations: a cut beyond them is none.
  for (let cut = 3; cut < operations; cut += 3) {
    const disk = forgetfulDisk(seededRandom(cut));
    const isSame = await cutAndContinue(disk, [cut], false)
      .then(async () => JSON.stringify(await products(disk)) === JSON.stringify(files))
      .catch(() => false);
    if (!isSame) lost++;
  }
  expect(lost).toBeGreaterThan(5);
}, 300_000);
