import { createHash } from "node:crypto";
import { readdir, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isThere, makeFolders } from "../shared/files.js";
import { JAVA_ENVIRONMENT, type JavaProgram } from "./java.js";
import type { Places } from "./places.js";
import { startDetached } from "./process.js";

// Java's class-data sharing: a JVM maps an archive of classes that are already parsed and verified, instead of loading them
// from jars. This halves the time in which the services start. An archive belongs to one Java and to exact jars: the names,
// sizes and times of their files. So the lab makes it itself, in two steps:
//
// 1. Without an archive, a service records the names of the classes that it loads.
// 2. When all services answer, a background process of low priority makes the archives from these names: one for the services
//    of a component, which have the same jars.
//
// The name of an archive contains a checksum of what it belongs to. If something changes, no archive has the new name, and the
// steps begin again. Whatever fails here, a service starts without an archive.

/** A service, for its archive. */
export interface ArchivedService {
  name: string;
  /** The folder in `setup/` that installs it. */
  component: string;
  /** The path of `java`. */
  java: string;
  program: JavaProgram;
}

/** The archive of a component's classes, which may not exist yet. */
interface ClassArchive {
  path: string;
  exists: boolean;
  /** Identifies Java and the jars. */
  key: string;
}

/** A file that an archive depends on. */
interface Dependency {
  path: string;
  size: number;
  mtimeMs: number;
}

async function dependency(path: string): Promise<Dependency> {
  const { size, mtimeMs } = await stat(path);
  return { path, size, mtimeMs };
}

/** The jars of a program, in a fixed order, by their real paths: an archive is valid for exactly this class path. */
async function jarsOf(program: JavaProgram): Promise<string[]> {
  const folders = await Promise.all(
    program.jars.map(async (folder) => {
      const real = await realpath(folder);
      const names = (await readdir(real)).filter((name) => name.endsWith(".jar"));
      return names.sort().map((name) => join(real, name));
    }),
  );
  return folders.flat();
}

const archivesOf = (places: Places) => join(places.installed, "cds");

/** Where a service records the names of its classes: a file in the folder `run/`. */
const listOf = (name: string, { key }: ClassArchive) => `${name}-${key}.classes`;

/** Finds the archive of a component. @returns undefined if it cannot have one */
async function findArchive(
  places: Places,
  java: string,
  component: string,
  jars: readonly string[],
): Promise<ClassArchive | undefined> {
  try {
    const home = dirname(dirname(await realpath(java)));
    // The file `modules` contains the classes of Java itself.
    const files = await Promise.all([join(home, "lib/modules"), ...jars].map(dependency));
    const key = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);
    const path = join(archivesOf(places), `${component}-${key}.jsa`);
    return { path, exists: await isThere(path), key };
  } catch {
    return undefined;
  }
}

/**
 * The arguments of `java` that start a service's program: with the archive of its component, or recording its classes.
 *
 * @param records false for a program that may use the archive but does not record its classes
 */
export async function javaArguments(
  places: Places,
  { name, component, java, program }: ArchivedService,
  records = true,
): Promise<string[]> {
  const jars = await jarsOf(program);
  const archive = await findArchive(places, java, component, jars);
  const sharing: string[] = [];
  // With `auto`, Java runs without the archive if it does not fit or cannot be mapped.
  if (archive?.exists) sharing.push("-Xshare:auto", `-XX:SharedArchiveFile=${archive.path}`);
  else if (archive !== undefined && records) {
    sharing.push(`-XX:DumpLoadedClassList=${join(places.run, listOf(name, archive))}`);
  }
  const classpath = [...jars, ...program.folders].join(":");
  return [...program.options, ...sharing, "-cp", classpath, ...program.main];
}

/**
 * Makes archives. The arguments are for each archive: the path of `java`, the archive's path, the names of the lists of classes,
 * the class path and the options of the JVM. An archive gets its name when it is complete, and replaces older ones. If it cannot be
 * made, the next start of the services records their classes again.
 */
const MAKE_ARCHIVES = `
while [ $# -gt 0 ]; do
  java=$1
  shift
  new="$1.new"
  if [ ! -e "$1" ]; then
    cat $2 >"$new.classes" &&
      "$java" -Xshare:dump $4 -XX:SharedClassListFile="$new.classes" -XX:SharedArchiveFile="$new" -cp "$3" &&
      mv -f "$new" "$1" &&
      for old in "\${1%-*}"-*.jsa; do [ "$old" = "$1" ] || rm -f "$old"; done
    rm -f "$new" "$new.classes"
  fi
  rm -f $2
  shift 4
done`;

/** The arguments of MAKE_ARCHIVES for a component; none if its archive exists, or cannot be made yet. */
async function workFor(places: Places, services: readonly ArchivedService[]): Promise<string[]> {
  const { component, java, program } = services[0]!;
  const jars = await jarsOf(program);
  const archive = await findArchive(places, java, component, jars);
  if (archive === undefined || archive.exists) return [];
  const lists = services.map(({ name }) => listOf(name, archive));
  for (const list of lists) {
    if (!(await isThere(join(places.run, list)))) return [];
  }
  const options = program.options.filter((option) => option.startsWith("-X"));
  return [java, archive.path, lists.join(" "), jars.join(":"), options.join(" ")];
}

/**
 * Starts a background process that makes the missing archives of components whose services have all recorded their classes.
 * Only one such process runs at a time. Never rejects: without archives the services only start more slowly.
 */
export async function makeArchives(
  places: Places,
  services: readonly ArchivedService[],
): Promise<void> {
  try {
    const components = [...new Set(services.map(({ component }) => component))];
    const works = await Promise.all(
      components.map((component) =>
        workFor(
          places,
          services.filter((each) => each.component === component),
        ),
      ),
    );
    const words = works.flat();
    if (words.length === 0) return;
    const folder = archivesOf(places);
    await makeFolders(folder);
    const command = ["--nonblock", join(folder, "lock"), "nice", "-n", "19"];
    await startDetached("flock", [...command, "sh", "-c", MAKE_ARCHIVES, "sh", ...words], {
      cwd: places.run,
      environment: JAVA_ENVIRONMENT,
      log: join(places.logs, "archives.log"),
      record: join(places.run, "archives.json"),
    });
  } catch {
    // For example, the folder cannot be written to.
  }
}
