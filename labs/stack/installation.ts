import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../shared/errors.js";
import { isThere } from "../shared/files.js";
import type { Places } from "./places.js";
import { RESET_HDFS, SERVICES, type ServiceName } from "./service.js";

/** Whether the NameNode's folder is formatted; a new one is empty. @throws LabError if it is only partly formatted */
export async function isFormatted(places: Places): Promise<boolean> {
  const folder = join(places.data, "hadoop/name");
  const names = await readdir(folder).catch((): string[] => []);
  if (names.length === 0) return false;
  const current = await readdir(join(folder, "current")).catch((): string[] => []);
  if (current.includes("VERSION") && current.some((name) => name.startsWith("fsimage_")))
    return true;
  throw new LabError(`the NameNode's folder ${folder} is only partly formatted; ${RESET_HDFS}`);
}

/** The services that are not installed, or cannot run because Java is not. */
export async function notInstalled(
  places: Places,
  names: readonly ServiceName[],
): Promise<ServiceName[]> {
  const has = (path: string) => isThere(join(places.installed, path));
  const found = await Promise.all(
    names.map(async (name) => {
      const { installed, javaHome } = SERVICES[name];
      return (await has(installed)) && (await has(`${javaHome}/bin/java`));
    }),
  );
  return names.filter((_, index) => !found[index]);
}

/** The command that installs services. */
export function installCommand(names: readonly ServiceName[]): string {
  const components = new Set(names.map((name) => SERVICES[name].component));
  return `bash setup/ubuntu-24.04.sh java ${[...components].join(" ")}`;
}

/** @throws LabError that names the services that are not installed, and the command that installs them */
export async function requireInstalled(
  places: Places,
  names: readonly ServiceName[],
): Promise<void> {
  const missing = await notInstalled(places, names);
  if (missing.length === 0) return;
  const are = missing.length === 1 ? "is" : "are";
  throw new LabError(`${missing.join(", ")} ${are} not installed: ${installCommand(missing)}`);
}
