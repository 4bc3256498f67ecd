import { chmod, mkdir, readFile, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sleep } from "../../labs/shared/wait.js";
import { javaArguments, makeArchives, type ArchivedService } from "../../labs/stack/archive.js";
import type { Places } from "../../labs/stack/places.js";
import { isRunning, readRecord } from "../../labs/stack/process.js";
import { temporaryFolder } from "../support/folder.js";

// Archives of classes, made by a stub of Java that copies the list of classes into the archive.

const DUMP = `#!/bin/sh
echo "$@" >>"$(dirname "$0")/calls"
for argument; do
  case $argument in
    -XX:SharedClassListFile=*) list=\${argument#*=} ;;
    -XX:SharedArchiveFile=*) archive=\${argument#*=} ;;
  esac
done
cp "$list" "$archive"
`;

async function installation() {
  const folder = join(await temporaryFolder(), "läb mit Leerzeichen");
  const installed = join(folder, ".lab");
  const places: Places = {
    root: folder,
    installed,
    settings: join(folder, "settings"),
    data: join(folder, "data"),
    logs: join(folder, "logs"),
    secure: "",
    run: join(folder, "run"),
  };
  const java = join(installed, "java/bin/java");
  const jars = join(installed, "kafka/jars");
  for (const each of [join(java, ".."), join(installed, "java/lib"), jars]) {
    await mkdir(each, { recursive: true });
  }
  for (const each of [places.logs, places.run]) await mkdir(each);
  const write = async (path: string, text: string) => {
    await writeFile(path, text);
    await chmod(path, 0o755);
  };
  await write(java, DUMP);
  await write(join(installed, "java/lib/modules"), "classes of Java");
  for (const name of ["b.jar", "a.jar", "c.txt"]) await write(join(jars, name), name);
  const service = (name: string): ArchivedService => ({
    name,
    component: "kafka",
    java,
    program: {
      options: ["-Xmx256m", "-Da.setting=a value"],
      jars: [jars],
      folders: [places.settings],
      main: ["Main", name],
    },
  });
  const services = [service("zookeeper"), service("kafka")];
  return {
    places,
    java,
    jars,
    services,
    write,
    archives: async () =>
      (await readdir(join(installed, "cds"))).filter((name) => name !== "lock").sort(),
    arguments: (name: string, records = true) => javaArguments(places, service(name), records),
    /** Starts a service, as if it had loaded classes. */
    async record(name: string, classes: string) {
      const list = (await javaArguments(places, service(name)))
        .find((each) => each.startsWith("-XX:DumpLoadedClassList="))
        ?.split("=")[1];
      if (list !== undefined) await writeFile(list, classes);
      return list;
    },
    async make() {
      await makeArchives(places, services);
      const record = await readRecord(join(places.run, "archives.json"));
      while (record !== undefined && (await isRunning(record))) await sleep(10);
    },
    calls: () => readFile(join(java, "../calls"), "utf8").catch(() => ""),
  };
}

test("the class path is the jars in alphabetical order, then the folders", async () => {
  const { jars, places, ...lab } = await installation();
  const args = await lab.arguments("kafka");
  const classpath = [join(jars, "a.jar"), join(jars, "b.jar"), places.settings].join(":");
  expect(args.slice(-4)).toEqual(["-cp", classpath, "Main", "kafka"]);
});

test("a component's archive holds the classes that its services have recorded, and all of them use it", async () => {
  const lab = await installation();
  await lab.record("zookeeper", "A\n");
  await lab.make();
  expect(await lab.calls(), "not before all services have recorded").toBe("");
  await lab.record("kafka", "B\n");
  await lab.make();
  const [archive, ...others] = await lab.archives();
  expect(others).toEqual([]);
  const path = join(lab.places.installed, "cds", archive!);
  expect(await readFile(path, "utf8")).toBe("A\nB\n");
  for (const name of ["zookeeper", "kafka"]) {
    const args = await lab.arguments(name);
    expect(args).toEqual(expect.arrayContaining(["-Xshare:auto", `-XX:SharedArchiveFile=${path}`]));
    expect(args.join()).not.toContain("DumpLoadedClassList");
  }
  const calls = await lab.calls();
  expect(calls).toContain("-Xshare:dump -Xmx256m -XX:SharedClassListFile=");
  expect(calls).not.toContain("settings");
  expect(await readdir(lab.places.run)).toEqual(["archives.json"]);
  await lab.make();
  expect(await lab.calls(), "it is made once").toBe(calls);
});

test("if a jar or Java changes, the archive is not used, and a new one replaces it", async () => {
  const lab = await installation();
  const makeAll = async () => {
    for (const { name } of lab.services) await lab.record(name, "A\n");
    await lab.make();
    return (await lab.archives()).join();
  };
  const made = [await makeAll()];
  const changes = [
    () => lab.write(join(lab.jars, "a.jar"), "other content"),
    () => lab.write(join(lab.jars, "new.jar"), "new"),
    () => rm(join(lab.jars, "new.jar")),
    () => utimes(join(lab.jars, "b.jar"), 1, 1),
    () => lab.write(join(lab.java, "../../lib/modules"), "classes of another Java"),
  ];
  for (const change of changes) {
    await change();
    const args = (await lab.arguments("kafka")).join();
    expect(args).toContain("DumpLoadedClassList");
    expect(args).not.toContain("-Xshare");
    made.push(await makeAll());
    expect((await lab.arguments("kafka")).join()).toContain(made.at(-1));
  }
  for (const name of made) expect(name).toMatch(/^kafka-[0-9a-f]{16}\.jsa$/);
  expect(made[3], "the same jars again").toBe(made[1]);
  expect(new Set(made).size).toBe(made.length - 1);
});

test("if an archive cannot be made, nothing of it is left, and the services record again", async () => {
  const lab = await installation();
  await lab.write(lab.java, `${DUMP}\nexit 1\n`);
  for (const { name } of lab.services) await lab.record(name, "A\n");
  await lab.make();
  expect(await lab.calls()).not.toBe("");
  expect(await lab.archives()).toEqual([]);
  expect(await readdir(lab.places.run)).toEqual(["archives.json"]);
  expect(await lab.record("kafka", "A\n")).toBeDefined();
});

test("where archives cannot be kept, services start without them", async () => {
  const lab = await installation();
  await writeFile(join(lab.places.installed, "cds"), "a file where a folder should be");
  for (const { name } of lab.services) await lab.record(name, "A\n");
  await lab.make();
  expect(await lab.calls()).toBe("");
  await rm(join(lab.java, "../../lib/modules"));
  expect((await lab.arguments("kafka")).join()).not.toMatch(/Share|ClassList/);
});

test("a command of a component uses the archive but does not record its own classes", async () => {
  const lab = await installation();
  expect((await lab.arguments("kafka", false)).join()).not.toMatch(/Share|ClassList/);
  for (const { name } of lab.services) await lab.record(name, "A\n");
  await lab.make();
  expect((await lab.arguments("kafka", false)).join()).toContain("-Xshare:auto");
});
