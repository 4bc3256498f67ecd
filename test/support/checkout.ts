import { cp, mkdir, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";

/** A checkout of the project in a folder, with the packages of npm and nothing else installed. */
export async function checkout(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of ["labs", "scripts", "setup", "package.json", "tsconfig.json"]) {
    await cp(name, join(folder, name), { recursive: true });
  }
  await symlink(resolve("node_modules"), join(folder, "node_modules"));
}
