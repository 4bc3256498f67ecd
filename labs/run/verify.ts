import { LabError } from "../shared/errors.js";
import { TOPIC } from "../log/log.js";
import type { Notify } from "../shared/notify.js";
import type { Manifest } from "../store/manifest.js";
import { PRODUCT_NAMES, type Product } from "../store/products.js";
import { sparkManifest } from "../store/spark-sink.js";
import type { Store } from "../store/store.js";
import { verifyProducts, type FileProblem, type Verification } from "../store/verify.js";
import {
  CHECKPOINT,
  isBegun,
  openCheckpoint,
  type StoredCheckpoint,
} from "../stream/checkpoint.js";
import { lockOutput } from "./output-folder.js";
import type { Output } from "./output.js";

/** The files that an engine, ours or Spark's, committed to the products of an output. */
export async function manifestOf(store: Store, checkpoint: StoredCheckpoint): Promise<Manifest> {
  if (checkpoint.settings["engine"] !== "spark") return checkpoint.manifest();
  const lastBatches: Partial<Record<Product, number>> = {};
  for (const product of PRODUCT_NAMES) {
    const last = await lastSparkBatch(store, product);
    if (last >= 0) lastBatches[product] = last;
  }
  return sparkManifest(store, PRODUCT_NAMES, lastBatches);
}

/** The last batch that Spark has committed to a product; -1 if there is none. Each product has its own query and checkpoint. */
export async function lastSparkBatch(store: Store, product: Product): Promise<number> {
  const commits = await store.list(`${CHECKPOINT}/${product}/commits`);
  return Math.max(-1, ...commits.filter((name) => /^\d+$/.test(name)).map(Number));
}

/**
 * Compares the products in a store with what the checkpoint says was committed. Changes nothing.
 *
 * @throws LabError if there is no checkpoint, or it is corrupt
 */
export async function verifyStore(store: Store): Promise<Verification> {
  if (!(await isBegun(store))) {
    throw new LabError(`${store.root} holds no checkpoint: pass the --out of an earlier run`);
  }
  const checkpoint = await openCheckpoint(store, TOPIC);
  // Reads the state that the next run continues from: throws if a file of it is corrupt.
  if (checkpoint.settings["engine"] !== "spark") await checkpoint.lastCommitted();
  return verifyProducts(store, await manifestOf(store, checkpoint));
}

/**
 * Verifies an output while it is locked: a run that writes to it meanwhile would make it look damaged.
 *
 * @throws LabError as `verifyStore` does, or if a run holds the output
 */
export async function verifyOutput(
  { store, folder, reach }: Output,
  notify: Notify,
): Promise<Verification> {
  await reach();
  if (!(await isBegun(store))) return verifyStore(store); // throws; locking would create the folder
  const unlock = await lockOutput(folder, notify);
  return verifyStore(store).finally(unlock);
}

const MAX_PATHS_SHOWN = 100;
const count = (number: number, one: string, more = `${one}s`) =>
  `${number.toLocaleString("en-US")} ${number === 1 ? one : more}`;

export function formatVerification(store: Store, verification: Verification): string {
  const { products, problems, passedOver, batchesWithoutChecksums } = verification;
  const lines = products.map(
    ({ product, files, rows }) => `${product}: ${count(files, "file")}, ${count(rows, "row")}`,
  );
  if (batchesWithoutChecksums > 0) {
    lines.push(
      `${count(batchesWithoutChecksums, "batch", "batches")} without checksums, committed by an older version of the lab: their files were read but not compared`,
    );
  }
  if (passedOver.length > 0) {
    lines.push(
      `${count(passedOver.length, "file")} left over from interrupted batches: readers of Spark's log ignore them; remove them if you use other readers:`,
      ...shown(passedOver),
    );
  }
  if (problems.length === 0) {
    lines.push(`${store.root}: the products are exactly what was committed`);
  } else {
    lines.push(
      `${store.root}: ${count(problems.length, "file")} not as committed:`,
      ...shown(problems.map(({ path, problem }) => `${path}: ${problem}`)),
      ...remediesFor(problems),
    );
  }
  return lines.join("\n");
}

function remediesFor(problems: readonly FileProblem[]): string[] {
  const kinds = new Set(problems.map(({ remedy }) => remedy));
  const remedies = {
    continue: "run the same command again: it completes or rewrites what an interrupted run left",
    restore: "restore missing and changed files from a copy, or start over with --fresh",
    remove: "remove files that no batch committed",
  };
  return (["continue", "restore", "remove"] as const)
    .filter((kind) => kinds.has(kind))
    .map((kind) => remedies[kind]);
}

function shown(lines: readonly string[]): string[] {
  const more = lines.length - MAX_PATHS_SHOWN;
  return [
    ...lines.slice(0, MAX_PATHS_SHOWN).map((line) => `  ${line}`),
    ...(more > 0 ? [`  … and ${more} more (--json lists all)`] : []),
  ];
}
