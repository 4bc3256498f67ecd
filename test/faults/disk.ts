import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const mounted = new Set<string>();

/** A small file system in memory, for filling it up. */
export interface SmallDisk {
  resize(kilobytes: number): Promise<boolean>;
  unmount(): Promise<void>;
}

/** Mounts a file system of its own at a folder, which is made where it is missing; undefined where that is not allowed. */
export async function mountSmallDisk(folder: string): Promise<SmallDisk | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  await mkdir(folder, { recursive: true });
  try {
    await run("mount", ["-t", "tmpfs", "-o", "size=1g", "tmpfs", folder]);
  } catch {
    return undefined; // root of a container that may not mount
  }
  mounted.add(folder);
  return {
    /** @returns whether it could be made that small */
    resize: (kilobytes) =>
      run("mount", ["-o", `remount,size=${kilobytes}k`, folder]).then(
        () => true,
        () => false,
      ),
    unmount: async () => {
      await run("umount", ["-l", folder]);
      mounted.delete(folder);
    },
  };
}

/** Unmounts what an interrupted round has left. */
export async function unmountAll(): Promise<void> {
  for (const folder of mounted) await run("umount", ["-l", folder]).catch(() => undefined);
}
