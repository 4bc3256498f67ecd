import { execFile, spawn } from "node:child_process";
import { mkdir, readFile, readdir, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { basename, join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { PORT_NAMES, portVariable, readConfig } from "../../labs/shared/config.js";
import { sleep } from "../../labs/shared/wait.js";
import { javaArguments } from "../../labs/stack/archive.js";
import type { Places } from "../../labs/stack/places.js";
import {
  isPortFree,
  isRunning,
  listeners,
  readRecord,
  socketsOf,
  startDetached,
  stop,
} from "../../labs/stack/process.js";
import type { CheckResult } from "../../labs/stack/doctor.js";
import { SERVICES, SERVICE_NAMES } from "../../labs/stack/service.js";
import { prepareSettings } from "../../labs/stack/settings.js";
import { openStack, type ServiceStatus } from "../../labs/stack/stack.js";
import { checkout } from "../support/checkout.js";
import { runPipelineCommand, start, type Result } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";
import { ENVIRONMENT, PORTS_FROM, config, stack } from "./environment.js";

const command = (args: string[], environment = ENVIRONMENT): Promise<Result> =>
  start("scripts/stack.ts", args, environment).result;

/** A second stack, for what must not happen to the one that the other tests use. */
const OTHER_PORTS_FROM = PORTS_FROM + 50;
async function otherStack({ portsFrom = OTHER_PORTS_FROM, name = "." } = {}) {
  const folder = join(await temporaryFolder(), name);
  const environment: Record<string, string> = {
    LAB_STACK_DIR: folder,
    ...Object.fromEntries(
      PORT_NAMES.map((name, index) => [portVariable(name), String(portsFrom + index)]),
    ),
  };
  const config = readConfig(environment).stack;
  const other = openStack(resolve("."), config);
  onTestFinished(async () => {
    for (const name of [...SERVICE_NAMES].reverse()) await other.stop(name);
  });
  return { environment, config, folder, other };
}

/** A process that does nothing, recorded as if it were a service that has just been started. */
async function sleeper(record: string) {
  const options = { cwd: "/", environment: {}, log: `${record}.log`, record };
  const sleeping = await startDetached("sleep", ["600"], options);
  onTestFinished(async () => void (await stop(sleeping, 1_000)));
  return sleeping;
}

test("every service answers, and listens on loopback only, on every port it has", async () => {
  const { code, stdout } = await command(["status", "--json"]);
  expect(code).toBe(0);
  const services = JSON.parse(stdout) as ServiceStatus[];
  expect(services.map(({ name, health }) => [name, health])).toEqual(
    SERVICE_NAMES.map((name) => [name, "answers"]),
  );
  const sockets = await listeners();
  for (const { name, pid, port } of services) {
    const own = await socketsOf(pid!);
    const listening = sockets.filter(({ inode }) => own.has(inode));
    expect(
      listening.map((each) => each.port),
      name,
    ).toContain(port);
    for (const { address, port: each } of listening) {
      expect(address, `${name} on port ${each}`).toMatch(/^127\.|^::1$/);
    }
  }
  const memory = services.reduce((sum, { memoryBytes }) => sum + memoryBytes!, 0);
  expect(memory).toBeLessThan(2.5 * 1024 ** 3);
});

test("a service maps the archive of its classes, and starts without it if it is damaged", async () => {
  const kafkaClasses = (places: Places) =>
    javaArguments(places, {
      name: "zookeeper",
      component: "kafka",
      java: join(places.installed, "java/bin/java"),
      program: SERVICES.zookeeper.java(places, config.stack),
    });
  // The first start of the stack makes the archives in the background.
  let archive: string | undefined;
  while (archive === undefined) {
    const option = (await kafkaClasses(stack.places)).find((each) => each.includes("ArchiveFile="));
    archive = option?.split("=")[1];
    if (archive === undefined) await sleep(500);
  }
  const { environment, other, folder } = await otherStack();
  const mappedFiles = async () => {
    const { pid } = (await other.status())[0]!;
    return readFile(`/proc/${pid}/maps`, "utf8");
  };
  expect((await command(["up", "zookeeper"], environment)).code).toBe(0);
  expect(await mappedFiles()).toContain(archive);
  await other.stop("zookeeper");

  const root = join(folder, "checkout");
  await checkout(root);
  await mkdir(join(root, ".lab/cds"), { recursive: true });
  for (const name of ["java", "kafka"]) {
    await symlink(resolve(".lab", name), join(root, ".lab", name));
  }
  const copy = join(root, ".lab/cds", basename(archive));
  const whole = await readFile(archive);
  const otherHeader = Buffer.concat([Buffer.alloc(5_000, 1), whole.subarray(5_000)]);
  for (const content of [Buffer.alloc(0), whole.subarray(0, 100_000), otherHeader]) {
    await writeFile(copy, content);
    const up = await start("scripts/stack.ts", ["up", "zookeeper"], environment, root).result;
    expect(up.code, up.stderr).toBe(0);
    expect(await mappedFiles()).not.toContain(copy);
    expect(content.equals(await readFile(copy)), "it was found, and left alone").toBe(true);
    await other.stop("zookeeper");
  }
});

test("up again leaves the same processes alone", async () => {
  const before = await stack.status();
  expect((await command(["up"])).code).toBe(0);
  const after = await stack.status();
  expect(after.map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid));
});

test("status and doctor show tables, logs the end of a log, and usage errors one line", async () => {
  expect((await command(["status"])).stdout).toContain("zookeeper");
  const doctor = await command(["doctor"]);
  expect(doctor.stdout).toContain("Java 11");
  expect(doctor.code, doctor.stdout).toBe(0);
  expect((await command(["logs", "kafka", "-n", "5"])).stdout.trim().split("\n")).toHaveLength(5);
  for (const args of [[], ["up", "mysql"], ["logs"], ["fly"]]) {
    const { code, stderr } = await command(args);
    expect(code, args.join(" ")).toBe(2);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  }
});

test("reset does not remove data under a running service, nor without asking", async () => {
  const running = await command(["reset", "hdfs", "--yes"]);
  expect(running.code).toBe(1);
  expect(running.stderr).toMatch(/namenode is running: .*down/);
  const { environment } = await otherStack();
  expect((await command(["reset", "hdfs"], environment)).code).toBe(2);
  expect((await command(["reset", "hdfs", "--yes"], environment)).code).toBe(0);
});

test("a taken port is one line that names who has it and how to move the lab's; doctor says so too", async () => {
  const { environment, config } = await otherStack();
  const server = createServer().listen(config.ports.ZOOKEEPER_PORT, "127.0.0.1");
  onTestFinished(() => void server.close());
  const up = await command(["up", "zookeeper"], environment);
  expect(up.code).toBe(1);
  expect(up.stderr.trimEnd()).toMatch(
    new RegExp(
      `^port ${config.ports.ZOOKEEPER_PORT}, .*taken by process ${process.pid} .*LAB_ZOOKEEPER_PORT to another port$`,
    ),
  );
  const doctor = await command(["doctor"], environment);
  expect(doctor.code).toBe(1);
  expect(doctor.stdout).toContain(`taken by process ${process.pid}`);
});

test("what answers is what was started: another program's service on the port is neither that in status, nor in up, nor in doctor", async () => {
  // Each real service of the tests' own stack is the other program here.
  const { environment, folder, other } = await otherStack({ portsFrom: PORTS_FROM });
  await mkdir(join(folder, "run"), { recursive: true });
  for (const name of SERVICE_NAMES) await sleeper(join(folder, `run/${name}.json`));
  const real = await stack.status();
  for (const [index, { name, health, pid }] of (await other.status()).entries()) {
    expect(real[index]!.health).toBe("answers");
    expect(health, name).toBe("silent");
    const { code, stderr } = await command(["up", name], environment);
    expect(code, name).toBe(1);
    expect(stderr).toMatch(
      /port \d+, which \w+ needs, is taken by process \d+ \(.*java.*: stop that/,
    );
    expect(pid, "a process that was found is left alone").toBe(
      (await readRecord(join(folder, `run/${name}.json`)))?.pid,
    );
  }
  const doctor = await command(["doctor", "--json"], environment);
  expect(doctor.code).toBe(1);
  const found = (JSON.parse(doctor.stdout) as CheckResult[]).filter(({ what }) =>
    /^port/.test(what),
  );
  expect(found).toHaveLength(SERVICE_NAMES.flatMap((name) => SERVICES[name].ports).length);
  for (const { ok, found: text } of found) {
    expect(ok).toBe(false);
    expect(text).toMatch(/^taken by process \d+ \(/);
  }
  // The pipeline starts what it needs by the same words.
  const args = ["--stack", "--engine", "ts", "--source", "market", "--events", "10"];
  const pipeline = await runPipelineCommand([...args, "--out", folder], environment);
  expect(pipeline.code).toBe(1);
  expect(pipeline.stderr).toMatch(/is taken by process \d+/);
  expect((await stack.status()).map(({ health }) => health)).toEqual(real.map(() => "answers"));
});

test("a Spark that is being started while another one takes its port does not pass for it, and is ended", async () => {
  const { folder, other } = await otherStack({ portsFrom: PORTS_FROM });
  await prepareSettings(other.places, config.stack);
  await expect(other.start("spark")).rejects.toThrow(
    new RegExp(`^port ${config.stack.ports.SPARK_PORT}, which spark needs, is taken by process`),
  );
  const record = await readRecord(join(folder, "run/spark.json"));
  expect(await isRunning(record!)).toBe(false);
  expect((await stack.status()).at(-1)!.health).toBe("answers");
});

test("several commands that start a service at the same moment start it once, and down leaves nothing", async () => {
  const { environment, folder, config: own } = await otherStack();
  const ups = [1, 2, 3].map(() => command(["up", "zookeeper"], environment));
  for (const { code, stderr } of await Promise.all(ups)) expect(code, stderr).toBe(0);
  const words = await readFile(join(folder, "logs/zookeeper.log"), "utf8");
  expect(words).not.toContain("BindException");
  expect((await command(["down"], environment)).code).toBe(0);
  expect(await isPortFree(own.ports.ZOOKEEPER_PORT)).toBe(true);
});

test("LANG=C and a path that is not ASCII are no hindrance", async () => {
  const { environment, folder } = await otherStack({ name: "Größe & Maß" });
  const root = join(folder, "Ćwiczenia");
  await checkout(root);
  await symlink(resolve(".lab"), join(root, ".lab"));
  const inC = { ...environment, LC_ALL: "C", LANG: "C" };
  for (const name of ["hdfs", "kafka", "spark", "registry"]) {
    const up = await start("scripts/stack.ts", ["up", name], inC, root).result;
    expect(up.code, up.stderr).toBe(0);
  }
  const run = (file: string, args: string[]) =>
    promisify(execFile)(join(root, "setup/bin", file), args, { env: { ...process.env, ...inC } });
  await run("hdfs", ["dfs", "-mkdir", "/Größe"]);
  expect((await run("hdfs", ["dfs", "-ls", "/"])).stdout).toContain("/Größe");
  const args = ["--source", "market", "--events", "300", "--log", "kafka", "--out", "hdfs:///Maß"];
  const pipeline = await start("scripts/run-pipeline.ts", args, inC, root).result;
  expect(pipeline.code, pipeline.stderr).toBe(0);
  // Each service read the name of its folder from its settings.
  const contents = async (data: string) => (await readdir(join(folder, "data", data))).join(" ");
  expect(await contents("spark/tmp")).toContain("blockmgr");
  expect(await contents("zookeeper")).toContain("version-2");
  expect(await contents("kafka")).toContain("crypto_prices-0");
  expect((await start("scripts/stack.ts", ["down"], inC, root).result).code).toBe(0);
}, 600_000);

test("a NameNode that cannot be formatted says why, in its own words", async () => {
  const { environment, folder } = await otherStack();
  await mkdir(join(folder, "data/hadoop"), { recursive: true });
  await writeFile(join(folder, "data/hadoop/name"), "a file where a folder shall be");
  const { code, stderr } = await command(["up", "namenode"], environment);
  expect(code).toBe(1);
  expect(stderr).toMatch(/cannot format the NameNode's folder: .*\n[^]*hadoop\/name/);
});

test("a port that is none is one line, for every command; --help needs no ports", async () => {
  const bad = { ...ENVIRONMENT, LAB_KAFKA_PORT: "many" };
  for (const args of [["status"], ["up", "kafka"], ["doctor"], ["down"]]) {
    const { code, stderr } = await command(args, bad);
    expect(code, stderr).toBe(2);
    expect(stderr).toBe("LAB_KAFKA_PORT must be a port from 1 to 65535, not many (see --help)\n");
  }
  const help = await command(["--help"], bad);
  expect(help.code).toBe(0);
  expect(help.stdout).toContain("LAB_KAFKA_PORT");
});

test("a record of a process that has ended, or whose pid is another's now, counts for nothing", async () => {
  const { environment, folder, other } = await otherStack();
  await mkdir(join(folder, "run"), { recursive: true });
  const path = join(folder, "run/zookeeper.json");
  const own = await sleeper(path);
  expect((await other.status())[0]!.health).toBe("silent");
  for (const record of [
    { ...own, startTicks: 1 },
    { ...own, pid: 999_999 },
    { ...own, bootId: "00000000-0000-0000-0000-000000000000" }, // the same numbers, before the machine started again
    { pid: own.pid, startTicks: own.startTicks },
    "{",
  ]) {
    await writeFile(path, typeof record === "string" ? record : JSON.stringify(record));
    expect((await other.status())[0]!.health).toBe("stopped");
  }
  expect((await command(["up", "zookeeper"], environment)).code).toBe(0);
  expect((await other.status())[0]!.health).toBe("answers");
  expect((await command(["down"], environment)).code).toBe(0);
  expect(await isRunning(own)).toBe(true); // the stale records named this very process
});

test("a half-formatted NameNode ends in one clear line", async () => {
  const { environment, folder } = await otherStack();
  await mkdir(join(folder, "data/hadoop/name/current"), { recursive: true });
  const { code, stderr } = await command(["up", "namenode"], environment);
  expect(code).toBe(1);
  expect(stderr.trimEnd().split("\n").at(-1)).toMatch(/partly formatted; .*stack\.ts reset hdfs/);
});

test("a broker with another cluster's id ends in one clear line, kill -9 passes, and down leaves no process", async () => {
  const { environment, folder, other, config } = await otherStack();
  expect((await command(["up", "kafka"], environment)).code).toBe(0);

  // After kill -9 ZooKeeper still has the broker's old session: up waits until that has passed.
  const [, kafka] = await other.status();
  process.kill(kafka!.pid!, "SIGKILL");
  expect((await command(["up", "kafka"], environment)).code).toBe(0);

  const pids = (await other.status()).flatMap(({ pid }) => pid ?? []);
  expect((await command(["down"], environment)).code).toBe(0);
  for (const pid of pids) {
    // One that nobody has asked how it ended is a zombie, Z: it has ended all the same.
    const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "0 (gone) Z");
    expect(state).toMatch(/\) Z/);
  }
  for (const port of Object.values(config.ports)) expect(await isPortFree(port)).toBe(true);

  const meta = join(folder, "data/kafka/meta.properties");
  const text = await readFile(meta, "utf8");
  await writeFile(meta, text.replace(/cluster.id=.*/, "cluster.id=another-cluster-0000000"));
  const { code, stderr } = await command(["up", "kafka"], environment);
  expect(code).toBe(1);
  expect(stderr.trimEnd().split("\n").at(-1)).toMatch(
    /different clusters; .*stack\.ts reset kafka/,
  );
});

test("a process that dies on start shows its own last lines", async () => {
  const { environment, folder } = await otherStack();
  await mkdir(join(folder, "data/kafka"), { recursive: true });
  await writeFile(join(folder, "data/kafka/meta.properties"), "version=0\nbroker.id=7\n");
  const { code, stderr } = await command(["up", "kafka"], environment);
  expect(code).toBe(1);
  expect(stderr).toMatch(/kafka ended while starting\. Its last lines .*stack\.ts logs kafka/);
  expect(stderr).toMatch(/broker\.id 0 doesn't match stored broker\.id/i);
});

test("the familiar commands work against the stack", async () => {
  const run = (name: string, args: string[], input = "") =>
    new Promise<string>((done, reject) => {
      const child = spawn(`setup/bin/${name}`, args, { env: { ...process.env, ...ENVIRONMENT } });
      let output = "";
      child.stdout.on("data", (data) => (output += String(data)));
      child.on("error", reject);
      child.on("close", (code) =>
        code === 0 ? done(output) : reject(new Error(`${name} ended with ${code}: ${output}`)),
      );
      child.stdin.end(input);
    });
  expect(await run("kafka-topics.sh", ["--describe", "--topic", "crypto_prices"])).toContain(
    "PartitionCount: 3",
  );
  await run("kafka-console-producer.sh", ["--topic", "crypto_prices"], "hello\n");
  const consume = ["--topic", "crypto_prices", "--from-beginning", "--max-messages", "1"];
  expect(await run("kafka-console-consumer.sh", consume)).toBe("hello\n");
  const load = ["--topic", "crypto_prices", "--num-records", "100", "--record-size", "50"];
  expect(await run("kafka-producer-perf-test.sh", [...load, "--throughput", "-1"])).toContain(
    "100 records sent",
  );
  expect(await run("kafka-consumer-groups.sh", ["--list"])).toBeTypeOf("string");
  await run("hdfs", ["dfs", "-mkdir", "-p", "/familiar"]);
  expect(await run("hdfs", ["dfs", "-ls", "/"])).toContain("/familiar");
  expect(await run("spark-sql", ["-e", "SELECT 6 * 7"])).toContain("42");
});
