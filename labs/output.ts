import { open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LabError, errorCode, errorMessage } from "./errors.js";
import { makeFolders } from "./files.js";
import { PRODUCTS } from "./store/products.js";
import type { Store } from "./store/store.js";
import { CHECKPOINT, isBegun } from "./stream/checkpoint.js";

/** What a run leaves in its output folder beside the products. */
export const LOG = "log";
export const REPORT = "report.html";

const OURS = [...PRODUCTS, REPORT, LOG, CHECKPOINT];
const LOCK = ".lock";
/** Its name begins with a line, so that Spark and pyarrow pass over it. */
const CLEARING = "_clearing";
const LOCK_WAIT_MS = 10_000;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

/** The process that holds the lock, if it still runs. A lock file cut short by a crash holds nothing. */
async function lockHolder(path: string): Promise<number | undefined> {
  const pid = Number(await readFile(path, "utf8").catch(() => ""));
  return Number.isInteger(pid) && pid > 0 && pid !== process.pid && isAlive(pid) ? pid : undefined;
}

/**
 * Takes an output folder for this process alone, making it where it is missing: two runs in one folder would
 * write over each other. Waits a little for another run to end.
 *
 * @returns gives the folder back
 * @throws LabError if the folder cannot be written, or another run keeps it
 */
export async function lockOutput(
  folder: string,
  report: (notice: string) => void,
): Promise<() => Promise<void>> {
  const path = join(folder, LOCK);
  const giveUpMs = performance.now() + LOCK_WAIT_MS;
  const unwritable = (error: unknown) =>
    new LabError(`cannot write to ${folder}: ${errorMessage(error)}; choose another --out`);
  try {
    await makeFolders(folder);
  } catch (error) {
    throw unwritable(error);
  }
  for (let attempt = 0; ; attempt++) {
    try {
      const file = await open(path, "wx");
      await file.writeFile(String(process.pid));
      await file.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw unwritable(error);
    }
    const holder = await lockHolder(path);
    if (holder === undefined) {
      await rm(path, { force: true }); // left behind by a run that was killed
      if (attempt > 100) throw new LabError(`cannot write to ${folder}; choose another --out`);
      continue;
    }
    if (performance.now() > giveUpMs) {
      throw new LabError(
        `another run (process ${holder}) is using ${folder}; end it first, or choose another --out`,
      );
    }
    if (attempt === 0) report(`waiting for another run (process ${holder}) to end in ${folder}`);
    await sleep(200);
  }
}

/**
 * Makes an output ready for a run: with `fresh`, everything that runs wrote there is removed, and nothing
 * else. A removal that was cut short is finished first.
 *
 * @throws LabError if there are products but no checkpoint to continue from
 */
export async function prepareOutput(store: Store, fresh: boolean): Promise<void> {
  if (fresh || (await store.list("")).includes(CLEARING)) {
    await store.makeFolder("");
    await store.write(CLEARING, "");
    for (const name of OURS) await store.remove(name);
    await store.write(CLEARING, ""); // syncs the folder: what was removed stays so, also after a power cut
    await store.remove(CLEARING);
    return;
  }
  if (await isBegun(store)) return;
  for (const name of [...PRODUCTS, LOG]) {
    if ((await store.list(name)).length === 0) continue;
    throw new LabError(
      `${store.root} holds ${name}/ but no checkpoint to continue from; start over with --fresh, or choose another --out`,
    );
  }
}
