import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LabError, errorCode, errorMessage } from "../errors.js";
import type { Store } from "./store.js";

async function doing<T>(what: string, path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new LabError(`cannot ${what} ${path}: ${errorMessage(error)}`);
  }
}

/** A store in a folder of this machine; the folder is made where it is missing. */
export function localStore(root: string): Store {
  const absolute = (path: string) => join(root, path);
  return {
    root,
    makeFolder: async (path) => {
      const folder = absolute(path);
      await doing("make the folder", folder, () => mkdir(folder, { recursive: true }));
    },
    write: (path, content) =>
      doing("write", absolute(path), async () => {
        // The name begins with a dot, so that Spark and pyarrow pass over it. A crash leaves it behind;
        // writing the same file again replaces it.
        const aside = join(dirname(absolute(path)), `.${path.split("/").at(-1)}.writing`);
        await writeFile(aside, content).catch(async (error: unknown) => {
          if (errorCode(error) !== "ENOENT") throw error;
          await mkdir(dirname(aside), { recursive: true });
          await writeFile(aside, content);
        });
        await rename(aside, absolute(path));
      }),
    read: (path) => doing("read", absolute(path), () => readFile(absolute(path))),
    list: async (path) => {
      try {
        return (await readdir(absolute(path))).filter((name) => !name.startsWith(".")).sort();
      } catch (error) {
        if (errorCode(error) === "ENOENT") return [];
        throw new LabError(`cannot list ${absolute(path)}: ${errorMessage(error)}`);
      }
    },
    remove: (path) =>
      doing("remove", absolute(path), () => rm(absolute(path), { recursive: true, force: true })),
  };
}
