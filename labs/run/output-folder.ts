import { join } from "node:path";
import { LabError, errorCode, errorMessage } from "../shared/errors.js";
import { lockFile, lockHolder } from "../shared/lock.js";
import { makeFolders } from "../shared/files.js";
import type { Notify } from "../shared/notify.js";
import { localStore } from "../store/local.js";
import { PRODUCT_NAMES } from "../store/products.js";
import type { Store } from "../store/store.js";
import { CHECKPOINT, isBegun } from "../stream/checkpoint.js";

/** What a run leaves in its output folder beside the products. */
export const LOG = "log";
export const REPORT = "report.html";

const OURS = [...PRODUCT_NAMES, REPORT, LOG, CHECKPOINT];
/** How the files of the products and of the log are named, by our engine and by Spark. */
const OUR_FILE =
  /^(part-[\w.-]+\.(parquet|jsonl?)|latest\.parquet|_spark_metadata|[\w.-]+-\d+\.log)$/;
const LOCK = ".lock";
/** Its name begins with a line, so that Spark and pyarrow pass over it. */
const CLEARING = "_clearing";
const LOCK_WAIT_MS = 10_000;

/**
 * Takes an output folder for this process alone, making it where it is missing: two runs in one folder would
 * write over each other. Waits a little for another run to end.
 *
 * An output on HDFS is locked by a folder of this checkout, so runs of two checkouts or machines do not exclude each
 * other there: each needs a path of its own.
 *
 * @param signal ends the waiting
 * @returns gives the folder back
 * @throws LabError if the folder cannot be written, another run keeps it, or the signal aborts
 */
export async function lockOutput(
  folder: string,
  notify: Notify,
  signal?: AbortSignal,
): Promise<() => Promise<void>> {
  const path = join(folder, LOCK);
  try {
    await makeFolders(folder);
    let lock = await lockFile(path);
    if (lock === undefined) {
      notify(`waiting for another run${await whoHas(path)} to end in ${folder}`);
      lock = await lockFile(path, LOCK_WAIT_MS, signal);
    }
    if (lock !== undefined) return lock.release;
  } catch (error) {
    if (error instanceof LabError) throw error;
    const code = errorCode(error);
    const what = code === "EISDIR" ? path : `to ${folder}`;
    // So answers /proc.
    const why = code === "ENOENT" ? "no folder can be made there" : errorMessage(error);
    throw new LabError(`cannot write ${what}: ${why}; choose another --out`);
  }
  if (signal?.aborted === true) throw new LabError(`stopped waiting for ${folder}`);
  throw new LabError(
    `another run${await whoHas(path)} is using ${folder}; end it first, or choose another --out`,
  );
}

async function whoHas(path: string): Promise<string> {
  const holder = await lockHolder(path);
  return holder === "" ? "" : ` (${holder})`;
}

/**
 * Makes an output ready for a run: with `fresh`, everything that runs wrote there is removed, and nothing
 * else. A removal that was cut short is finished first.
 *
 * @param folder the output's folder on this machine, where the file log is, also if the products are elsewhere
 * @throws LabError if there are products but no checkpoint to continue from
 */
export async function prepareOutput(store: Store, folder: string, fresh: boolean): Promise<void> {
  const local = localStore(folder);
  const places = [...PRODUCT_NAMES.map((name) => [store, name] as const), [local, LOG] as const];
  if (fresh || (await store.list("")).includes(CLEARING)) {
    for (const [place, name] of places) {
      const foreign = (await place.list(name)).find((file) => !OUR_FILE.test(file));
      if (foreign === undefined) continue;
      throw new LabError(
        `${place.root}/${name}/${foreign} was not written by a run, and --fresh would remove it: move it away, or choose another --out`,
      );
    }
    await store.makeFolder("");
    await store.write(CLEARING, "");
    for (const name of OURS) await store.remove(name);
    await local.remove(LOG);
    await store.write(CLEARING, ""); // syncs the folder: what was removed stays so, also after a power cut
    await store.remove(CLEARING);
    return;
  }
  if (await isBegun(store)) return;
  for (const [place, name] of places) {
    if ((await place.list(name)).length === 0) continue;
    throw new LabError(
      `${place.root} holds ${name}/ but no checkpoint to continue from; start over with --fresh, or choose another --out`,
    );
  }
}
