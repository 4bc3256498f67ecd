import { join } from "node:path";
import { LabError, errorCode, errorMessage } from "../shared/errors.js";
import { lockFile, lockHolder } from "../shared/lock.js";
import { makeFolders } from "../shared/files.js";
import type { Notify } from "../shared/notify.js";
import { localStore } from "../store/local.js";
import { PRODUCT_NAMES } from "../store/products.js";
import type { Store } from "../store/store.js";
import { CHECKPOINT, isBegun } from "../stream/checkpoint.js";

/** What a run writes to its output folder besides the products. */
export const LOG = "log";
export const REPORT = "report.html";

const OURS = [...PRODUCT_NAMES, REPORT, LOG, CHECKPOINT];
/** The names that our engine and Spark give to files of products and of the log. */
const OUR_FILE =
  /^(part-[\w.-]+\.(parquet|jsonl?)|latest\.parquet|_spark_metadata|[\w.-]+-\d+\.log)$/;
const LOCK = ".lock";
/** Marks an unfinished removal. Spark and pyarrow ignore names that begin with an underscore. */
const CLEARING = "_clearing";
const LOCK_WAIT_MS = 10_000;

/**
 * Locks an output folder for this process, creating it if it is missing: two runs in one folder would overwrite each
 * other. Waits up to `LOCK_WAIT_MS` for another run to end.
 *
 * The lock of an output on HDFS is a local folder of this checkout. It does not exclude runs of another checkout or
 * machine: each needs its own path on HDFS.
 *
 * @param signal stops the wait
 * @returns releases the lock
 * @throws LabError if the folder cannot be written, another run holds it, or the signal aborts
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
    // mkdir fails with ENOENT in /proc, although the parent folder exists.
    const why = code === "ENOENT" ? "no folder can be created there" : errorMessage(error);
    throw new LabError(`cannot write ${what}: ${why}; choose another --out`);
  }
  if (signal?.aborted === true) throw new LabError(`stopped waiting for ${folder}`);
  throw new LabError(
    `another run${await whoHas(path)} is using ${folder}; stop it first, or choose another --out`,
  );
}

async function whoHas(path: string): Promise<string> {
  const holder = await lockHolder(path);
  return holder === "" ? "" : ` (${holder})`;
}

/**
 * Prepares an output for a run. With `fresh`, removes everything that earlier runs wrote there, and nothing else.
 * Completes a removal that was interrupted.
 *
 * @param folder the output's folder on this machine, which holds the file log even if the products are on HDFS
 * @throws LabError if there are products but no checkpoint to continue from, or `fresh` would remove a file of someone else
 */
export async function prepareOutput(store: Store, folder: string, fresh: boolean): Promise<void> {
  const local = localStore(folder);
  const places = [...PRODUCT_NAMES.map((name) => [store, name] as const), [local, LOG] as const];
  if (fresh || (await store.list("")).includes(CLEARING)) {
    for (const [place, name] of places) {
      const foreign = (await place.list(name)).find((file) => !OUR_FILE.test(file));
      if (foreign === undefined) continue;
      throw new LabError(
        `--fresh would remove ${place.root}/${name}/${foreign}, which no run wrote: move it away, or choose another --out`,
      );
    }
    await store.makeFolder("");
    await store.write(CLEARING, "");
    for (const name of OURS) await store.remove(name);
    await local.remove(LOG);
    await store.write(CLEARING, ""); // syncs the folder, so that the removals survive a power cut
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
