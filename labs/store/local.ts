import { basename, dirname, join } from "node:path";
import { LabError, NotFoundError, diskErrorMessage, errorCode } from "../shared/errors.js";
import { makeFolders, nodeDisk, syncFolder, type DiskOptions } from "../shared/files.js";
import type { Store } from "./store.js";

async function attempt<T>(what: string, path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const why = `cannot ${what} ${path}: ${diskErrorMessage(error)}`;
    throw errorCode(error) === "ENOENT" ? new NotFoundError(why) : new LabError(why);
  }
}

/**
 * A store in a local folder, which is created if it is missing.
 *
 * When `write` returns, the file survives a power cut: its content is synced before it is renamed to its final name, and the
 * folder is synced afterwards. A power cut therefore leaves the old file or the new one, never an empty or partial one.
 */
export function localStore(
  root: string,
  { sync = true, disk = nodeDisk }: DiskOptions = {},
): Store {
  const absolute = (path: string) => join(root, path);
  /** Folders that are already synced in their parent folders, so that this is not repeated for every file. */
  const made = new Set<string>();

  async function ensureFolder(path: string): Promise<void> {
    if (made.has(path)) return;
    // From the root down: a folder's name is an entry of its parent folder.
    if (path !== absolute("")) await ensureFolder(dirname(path));
    await makeFolders(path, sync, disk);
    made.add(path);
  }

  return {
    root,
    makeFolder: (path) =>
      attempt("create the folder", absolute(path), () => ensureFolder(absolute(path))),
    write: (path, content) =>
      attempt("write", absolute(path), async () => {
        const folder = dirname(absolute(path));
        await ensureFolder(folder);
        // Spark and pyarrow ignore names that begin with a dot. If a crash leaves this file behind, the next write of the
        // same file replaces it.
        const tempPath = join(folder, `.${basename(path)}.writing`);
        const file = await disk.open(tempPath, "w");
        try {
          await file.writeFile(content);
          if (sync) await file.sync();
        } finally {
          await file.close();
        }
        await disk.rename(tempPath, absolute(path));
        if (sync) await syncFolder(folder, disk);
      }),
    read: (path) => attempt("read", absolute(path), () => disk.readFile(absolute(path))),
    list: (path) =>
      attempt("list", absolute(path), async () => {
        try {
          const names = await disk.readdir(absolute(path));
          return names.filter((name) => !name.startsWith(".")).sort();
        } catch (error) {
          if (errorCode(error) === "ENOENT") return [];
          throw error;
        }
      }),
    remove: (path) =>
      attempt("remove", absolute(path), async () => {
        const removed = absolute(path);
        for (const folder of made) {
          if (folder === removed || folder.startsWith(`${removed}/`)) made.delete(folder);
        }
        await disk.rm(removed, { recursive: true, force: true });
      }),
  };
}
