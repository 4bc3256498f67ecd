import { readFile, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { CHECKPOINT } from "../../labs/stream/checkpoint.js";
import { LOG } from "../../labs/run/output-folder.js";
import { PRODUCT_NAMES } from "../../labs/store/products.js";

// What disks, crashes and people do to the files of a run while nothing is running.

/** A kind of file in an output folder. */
export type Place = "checkpoint" | "products" | "log";
export type Harm = "flip" | "cut" | "empty" | "delete";
export const PLACES: readonly Place[] = ["checkpoint", "products", "log"];
export const HARMS: readonly Harm[] = ["flip", "cut", "empty", "delete"];

const FOLDERS: Record<Place, readonly string[]> = {
  checkpoint: [CHECKPOINT],
  products: PRODUCT_NAMES,
  log: [LOG],
};

/** All files below a folder, by their paths, sorted; none where it is missing. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Damage to one file. The numbers are from 0 to below 1. */
export interface Damage {
  place: Place;
  harm: Harm;
  /** Which of the files: 0 the newest. */
  file: number;
  /** Where in it: 0 its begin. */
  position: number;
}

/** Damages one file of an output folder. @returns its path in there; undefined where there is none that is not empty */
export async function damageFile(
  out: string,
  { place, harm, file, position }: Damage,
): Promise<string | undefined> {
  const found: { path: string; changedMs: number }[] = [];
  for (const folder of FOLDERS[place]) {
    for (const path of await filesBelow(join(out, folder))) {
      const { size, mtimeMs } = await stat(path);
      if (size > 0) found.push({ path, changedMs: mtimeMs });
    }
  }
  found.sort((a, b) => b.changedMs - a.changedMs);
  // The newest ones most often: they are what the next run reads.
  const path = found[Math.floor(file ** 3 * found.length)]?.path;
  if (path === undefined) return undefined;
  const content = await readFile(path);
  const at = Math.floor(position * content.length);
  switch (harm) {
    case "flip":
      content[at]! ^= 1 << (Math.floor(position * 997) % 8);
      await writeFile(path, content);
      break;
    case "cut":
      await truncate(path, at);
      break;
    case "empty":
      await truncate(path, 0);
      break;
    case "delete":
      await rm(path);
  }
  return relative(out, path);
}

/** Tears the end of a log as a crash in the middle of a write does: half a record more, or the last record cut. */
export async function tearLog(
  out: string,
  { which, position, isCut }: { which: number; position: number; isCut: boolean },
): Promise<string | undefined> {
  const paths = await filesBelow(join(out, LOG));
  const path = paths[Math.floor(which * paths.length)];
  if (path === undefined) return undefined;
  const content = await readFile(path);
  if (content.length === 0) return undefined;
  const start = content.lastIndexOf(10, content.length - 2) + 1;
  const last = content.subarray(start);
  const kept = Math.max(1, Math.floor(position * last.length));
  if (isCut) await truncate(path, start + kept);
  else
    await writeFile(
      path,
      Buffer.concat([content, last.subarray(0, Math.min(kept, last.length - 1))]),
    );
  return relative(out, path);
}

/**
 * Writes another process's id into the lock that a killed run left, as if that id had been given to it meanwhile.
 *
 * @returns whether there was a lock that names the process
 */
export async function reuseLock(out: string, pid: number, other: number): Promise<boolean> {
  const path = join(out, ".lock");
  const text = await readFile(path, "utf8").catch(() => "");
  if (!text.includes(String(pid))) return false;
  await writeFile(path, text.replaceAll(String(pid), String(other)));
  return true;
}
