import { existsSync } from "node:fs";
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
 * Refuses an output that `prepareOutput` would refuse, before the folder is locked, so that a folder of someone else is
 * left as it was: the lock's file cannot be removed again without a race.
 *
 * Products of a run that is about to create its checkpoint are not refused: it created the lock's file before them.
 *
 * @throws LabError as `prepareOutput` does
 */
export async function refuseForeign(store: Store, folder: string, fresh: boolean): Promise<void> {
  if (store.root !== folder) return; // the lock of an output on HDFS is in a folder of the lab
  // If the folder cannot be read, locking it fails with a clear error.
  const refusal = await refusalOf(store, folder, fresh).catch(() => undefined);
  if (refusal !== undefined && !existsSync(join(folder, LOCK))) throw refusal;
}

/**
 * Prepares an output for a run. With `fresh`, removes everything that earlier runs wrote there, and nothing else.
 * Completes a removal that was interrupted.
 *
 * @param folder the output's folder on this machine, which holds the file log even if the products are on HDFS
 * @throws LabError if there are products but no checkpoint to continue from, or `fresh` would remove a file of someone else
 */
export async function prepareOutput(store: Store, folder: string, fresh: boolean): Promise<void> {
  const refusal = await refusalOf(store, folder, fresh);
  if (refusal !== undefined) throw refusal;
  if (!(await isRemoved(store, fresh))) return;
  const local = localStore(folder);
  await store.makeFolder("");
  await store.write(CLEARING, "");
  for (const name of OURS) await store.remove(name);
  await local.remove(LOG);
  await store.write(CLEARING, ""); // syncs the folder, so that the removals survive a power cut
  await store.remove(CLEARING);
}

/** Whether what earlier runs wrote is to be removed. */
const isRemoved = async (store: Store, fresh: boolean): Promise<boolean> =>
  fresh || (await store.list("")).includes(CLEARING);

/** Why a run may not use an output; undefined if it may. */
async function refusalOf(
  store: Store,
  folder: string,
  fresh: boolean,
): Promise<LabError | undefined> {
  const places = [
    ...PRODUCT_NAMES.map((name) => [store, name] as const),
    [localStore(folder), LOG] as const,
  ];
  const removes = await isRemoved(store, fresh);
  if (!removes && (await isBegun(store))) return undefined;
  let orphan: string | undefined;
  for (const [place, name] of places) {
    const files = await place.list(name);
    const foreign = files.find((file) => !OUR_FILE.test(file));
    const path = `${place.root}/${name}`;
    if (foreign !== undefined && removes) {
      return new LabError(
        `--fresh would remove ${path}/${foreign}, which no run wrote: move it away, or choose another --out`,
      );
    }
    if (files.length > 0) orphan ??= path;
  }
  // Asked again: without the lock, another run may have created both meanwhile.
  if (removes || orphan === undefined || (await isBegun(store))) return undefined;
  return new LabError(
    `${orphan} exists, but there is no checkpoint to continue from: choose another --out; only if an earlier run created this folder, start over with --fresh`,
  );
}
