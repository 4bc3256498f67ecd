import { access, readdir } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../shared/errors.js";
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

/** @throws LabError if a service is not installed */
export async function requireInstalled(places: Places, name: ServiceName): Promise<void> {
  const { installed, component } = SERVICES[name];
  for (const path of [installed, "java/bin/java"]) {
    await access(join(places.installed, path)).catch(() => {
      throw new LabError(`${name} is not installed: bash setup/ubuntu-24.04.sh java ${component}`);
    });
  }
}
