import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  ownAddresses,
  portVariable,
  type OwnAddresses,
  type PortName,
  type StackConfig,
} from "../shared/config.js";
import { LabError, UsageError, errorMessage } from "../shared/errors.js";
import { lockFile, lockHolder } from "../shared/lock.js";
import { makeFolders } from "../shared/files.js";
import {
  fileSize,
  holderOf,
  isPortFree,
  isRunning,
  lastLines,
  memoryBytes,
  readRecord,
  removeRecord,
  run,
  startDetached,
  stop,
  uptimeSeconds,
  whoListens,
  type ProcessRecord,
} from "./process.js";
import { javaArguments, makeArchives } from "./archive.js";
import { isFormatted, notInstalled, requireInstalled } from "./installation.js";
import { JAVA_ENVIRONMENT, hadoopJava } from "./java.js";
import type { Places } from "./places.js";
import { SERVICES, SERVICE_NAMES, USUAL_SERVICES, portsOf, type ServiceName } from "./service.js";
import { prepareSettings } from "./settings.js";
import { exitCode, lastWords } from "../shared/process.js";
import { sleep } from "../shared/wait.js";
import type { Notify } from "../shared/notify.js";

const START_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 20_000;
const POLL_MS = 100;
/** A starting NameNode is briefly in safe mode: the user is notified only if that lasts longer than this. */
const NOTICE_DELAY_MS = 3_000;
/** If another command is starting the same service, the user is notified after waiting this long. */
const LOCK_NOTICE_DELAY_MS = 1_000;
/** How long the port of a killed process may still appear in use. */
const PORT_RELEASE_MS = 5_000;
const MAX_RESTARTS = 3;

/** The lab's own Kafka, HDFS and Spark on this machine. */
export interface Stack {
  readonly places: Places;
  readonly config: StackConfig;
  /** The addresses of its services. */
  readonly addresses: OwnAddresses;
  /** The named services (`hdfs` means both of its services) and those they depend on, in order; all if no name is given. */
  select(names: readonly string[]): ServiceName[];
  /** Checks that services are installed and their ports are free, and writes the settings. */
  prepare(names: readonly ServiceName[]): Promise<void>;
  /**
   * Starts a service unless it is running, and waits until it answers.
   *
   * @param notify called if the start waits for something that the user can end: safe mode, another command
   * @throws LabError with the last lines of its log if it does not start
   */
  start(name: ServiceName, notify?: Notify): Promise<void>;
  /**
   * Runs a service in the foreground until it ends, with its output on stdout: for a container, which is one service. SIGTERM and
   * SIGINT end the service.
   *
   * @throws LabError if it is not installed, or ends with an error
   */
  run(name: ServiceName): Promise<void>;
  /** Resolves if a service answers at its address, wherever it runs. @throws Error that says why it does not */
  answers(name: ServiceName): Promise<void>;
  /** Makes missing archives of the classes that services have loaded, in the background: the next start is faster. */
  archiveClasses(): Promise<void>;
  /** Stops a service, by SIGKILL if it does not end in time. @returns whether it was running */
  stop(name: ServiceName): Promise<boolean>;
  status(): Promise<ServiceStatus[]>;
  /** Removes the data of stopped services. */
  reset(names: readonly ServiceName[]): Promise<void>;
  logOf(name: ServiceName): string;
}

export interface ServiceStatus {
  name: ServiceName;
  /** answers: it runs and answers; silent: it runs but does not answer; stopped and not installed: it does not run. */
  health: "answers" | "silent" | "stopped" | "not installed";
  pid: number | null;
  port: number;
  uptimeSeconds: number | null;
  memoryBytes: number | null;
}

/** @param root the project's root */
export function openStack(root: string, config: StackConfig): Stack {
  const folder = resolve(config.folder ?? join(root, ".lab/stack"));
  const places: Places = {
    root,
    installed: join(root, ".lab"),
    settings: join(folder, "settings"),
    data: join(folder, "data"),
    secure: join(folder, "secure"),
    logs: join(folder, "logs"),
    run: join(folder, "run"),
  };
  const logOf = (name: ServiceName) => join(places.logs, `${name}.log`);
  const recordOf = (name: ServiceName) => join(places.run, `${name}.json`);
  const portOf = (name: ServiceName) => config.ports[SERVICES[name].ports[0]!];
  const archived = (name: ServiceName) => ({
    name,
    component: SERVICES[name].component,
    java: join(places.installed, SERVICES[name].javaHome, "bin/java"),
    program: SERVICES[name].java(places, config),
  });

  function select(names: readonly string[]): ServiceName[] {
    const chosen = new Set<ServiceName>();
    function choose(name: ServiceName): void {
      for (const needed of SERVICES[name].needs) choose(needed);
      chosen.add(name);
    }
    for (const name of names.length === 0 ? USUAL_SERVICES : names) {
      if (name === "hdfs") choose("datanode");
      else choose(name as ServiceName);
    }
    return SERVICE_NAMES.filter((name) => chosen.has(name));
  }

  /** The process of a service; undefined if it does not run, even if its record still exists. */
  async function running(name: ServiceName): Promise<ProcessRecord | undefined> {
    const record = await readRecord(recordOf(name));
    return record !== undefined && (await isRunning(record)) ? record : undefined;
  }

  async function portTaken(name: ServiceName, portName: PortName): Promise<LabError> {
    const port = config.ports[portName];
    return new LabError(
      `port ${port}, which ${name} needs, is taken by ${await holderOf(port)}: stop that, or set ${portVariable(portName)} to another port`,
    );
  }

  async function requirePorts(name: ServiceName): Promise<void> {
    const deadlineMs = performance.now() + PORT_RELEASE_MS;
    for (const portName of portsOf(name, config)) {
      while (!(await isPortFree(config.ports[portName]))) {
        if (performance.now() > deadlineMs) throw await portTaken(name, portName);
        await sleep(POLL_MS);
      }
    }
  }

  /** A service that already runs does not become secure by itself, nor the reverse. */
  async function requireSameSecurity(name: ServiceName, pid: number): Promise<void> {
    for (const portName of SERVICES[name].securePorts ?? []) {
      const isSecure = (await whoListens(config.ports[portName], pid)) === "itself";
      if (isSecure === config.isSecure) continue;
      throw new LabError(
        `${name} already runs, ${isSecure ? "with" : "without"} --secure: npx tsx scripts/stack.ts down ${name}, then the same command${isSecure ? "; or use it as it is: source lab.env and hdfs.env in .lab/stack/secure" : ""}`,
      );
    }
  }

  /** The first of a service's ports that another process listens on. */
  async function foreignPort(name: ServiceName, pid: number): Promise<PortName | undefined> {
    for (const portName of portsOf(name, config)) {
      if ((await whoListens(config.ports[portName], pid)) === "other") return portName;
    }
    return undefined;
  }

  /** Resolves if the recorded process answers; another program on its port does not count. */
  async function answers(name: ServiceName, { pid }: ProcessRecord): Promise<void> {
    await SERVICES[name].answers(places, config);
    for (const portName of portsOf(name, config)) {
      const port = config.ports[portName];
      if ((await whoListens(port, pid)) !== "itself") {
        throw new Error(`process ${pid} does not listen on port ${port}`);
      }
    }
  }

  async function prepare(names: readonly ServiceName[]): Promise<void> {
    if (config.network === "containers") {
      throw new UsageError(
        "LAB_NETWORK=containers: each service is started in its own container, by stack.ts run NAME",
      );
    }
    await requireInstalled(places, names);
    for (const name of names) {
      const record = await running(name);
      if (record === undefined) await requirePorts(name);
      else await requireSameSecurity(name, record.pid);
    }
    await prepareSettings(places, config);
  }

  async function format(): Promise<void> {
    if (await isFormatted(places)) return;
    const main = "org.apache.hadoop.hdfs.server.namenode.NameNode";
    const program = hadoopJava(places, main, "-format", "-nonInteractive");
    const service = archived("namenode");
    const args = await javaArguments(places, { ...service, program }, false);
    const where = { cwd: places.data, environment: JAVA_ENVIRONMENT };
    await run(service.java, args, where).catch((error: unknown) => {
      throw new LabError(`cannot format the NameNode's folder: ${errorMessage(error)}`);
    });
  }

  /** Explains why a service ended, from what it has logged since it was started. */
  async function whyItEnded(name: ServiceName, from: number): Promise<LabError> {
    const text = (await lastLines(logOf(name), 400, from)).join("\n");
    for (const [pattern, meaning] of SERVICES[name].failures) {
      if (pattern.test(text)) return new LabError(`${name} cannot start: ${meaning}`);
    }
    return new LabError(
      `${name} ended while starting. Its last lines (all: npx tsx scripts/stack.ts logs ${name}):\n${lastWords(text)}`,
    );
  }

  /** Starts the process of a service unless it is running. If several commands do so at once, only one starts it. */
  async function startProcess(
    name: ServiceName,
    notify?: Notify,
  ): Promise<{ record: ProcessRecord; isNew: boolean }> {
    const path = join(places.run, `${name}.lock`);
    let lock = await lockFile(path, LOCK_NOTICE_DELAY_MS);
    if (lock === undefined) {
      const holder = await lockHolder(path);
      const who = holder === "" ? "" : ` (${holder})`;
      notify?.(`waiting for another command${who} that is starting ${name}`);
      lock = await lockFile(path, START_TIMEOUT_MS);
    }
    if (lock === undefined) {
      throw new LabError(`another command is still starting ${name}: wait for it, or stop it`);
    }
    try {
      const found = await running(name);
      if (found !== undefined) return { record: found, isNew: false };
      if (name === "namenode") await format();
      const service = archived(name);
      const args = await javaArguments(places, service);
      const record = await startDetached(service.java, args, {
        cwd: places.data,
        log: logOf(name),
        record: recordOf(name),
        environment: { ...JAVA_ENVIRONMENT, ...service.program.environment },
      });
      return { record, isNew: true };
    } finally {
      await lock.release();
    }
  }

  /**
   * Waits until a process answers.
   *
   * @param notify called if the NameNode stays in safe mode
   * @returns false if the process has ended
   * @throws LabError if the process does not answer in time, or another program uses one of its ports
   */
  async function answersInTime(
    name: ServiceName,
    record: ProcessRecord,
    isNew: boolean,
    deadlineMs: number,
    notify?: Notify,
  ): Promise<boolean> {
    const beganMs = performance.now();
    let lastNotice: string | undefined;
    let foreignSinceMs = Infinity;
    for (;;) {
      const problem = await answers(name, record).then(() => undefined, errorMessage);
      const foreign = await foreignPort(name, record.pid);
      if (foreign === undefined) foreignSinceMs = Infinity;
      else foreignSinceMs = Math.min(foreignSinceMs, performance.now());
      if (!(await isRunning(record))) {
        if (isNew && foreign !== undefined) throw await portTaken(name, foreign);
        return false;
      }
      if (problem === undefined) return true;
      if (foreign !== undefined && performance.now() - foreignSinceMs > PORT_RELEASE_MS) {
        const failure = await portTaken(name, foreign);
        if (isNew) await stop(record, STOP_TIMEOUT_MS); // it would end by itself, with a less clear message
        throw failure;
      }
      if (performance.now() > deadlineMs) {
        throw new LabError(
          `${name} runs but does not answer (${problem}) after ${START_TIMEOUT_MS / 1_000} s; see: npx tsx scripts/stack.ts logs ${name}`,
        );
      }
      const isDelayed = performance.now() - beganMs > NOTICE_DELAY_MS;
      if (problem !== lastNotice && isDelayed && /safe mode/.test(problem)) {
        lastNotice = problem;
        notify?.(problem);
      }
      await sleep(POLL_MS);
    }
  }

  async function start(name: ServiceName, notify?: Notify): Promise<void> {
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    for (let restarts = 0; ;) {
      const from = await fileSize(logOf(name));
      const { record, isNew } = await startProcess(name, notify);
      if (await answersInTime(name, record, isNew, deadlineMs, notify)) return;
      if (!isNew) continue; // the process that was found has ended: start a new one
      const text = (await lastLines(logOf(name), 400, from)).join("\n");
      if (SERVICES[name].transientFailure?.test(text) !== true || ++restarts > MAX_RESTARTS) {
        throw await whyItEnded(name, from);
      }
      await sleep(1_000);
    }
  }

  async function runService(name: ServiceName): Promise<void> {
    await requireInstalled(places, [name]);
    await prepareSettings(places, config);
    if (name === "namenode") await format();
    const service = archived(name);
    const args = await javaArguments(places, service, false);
    const environment = { ...process.env, ...JAVA_ENVIRONMENT, ...service.program.environment };
    const options = { cwd: places.data, env: environment, stdio: "inherit" } as const;
    const child = spawn(service.java, args, options);
    let isStopped = false;
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => {
        isStopped = true;
        child.kill(signal);
      });
    }
    const code = await exitCode(child);
    if (!isStopped) throw new LabError(`${name} ended with exit code ${code ?? "none"}`);
  }

  async function stopService(name: ServiceName): Promise<boolean> {
    const record = await running(name);
    if (record !== undefined) await stop(record, STOP_TIMEOUT_MS);
    await removeRecord(recordOf(name));
    return record !== undefined;
  }

  async function statusOf(name: ServiceName): Promise<ServiceStatus> {
    const record = await running(name);
    if (record === undefined) {
      const nothing = { pid: null, uptimeSeconds: null, memoryBytes: null };
      const isMissing = (await notInstalled(places, [name])).length > 0;
      return {
        name,
        health: isMissing ? "not installed" : "stopped",
        port: portOf(name),
        ...nothing,
      };
    }
    const isAnswering = await answers(name, record).then(
      () => true,
      () => false,
    );
    return {
      name,
      health: isAnswering ? "answers" : "silent",
      pid: record.pid,
      port: portOf(name),
      uptimeSeconds: await uptimeSeconds(record),
      memoryBytes: await memoryBytes(record.pid),
    };
  }

  async function reset(names: readonly ServiceName[]): Promise<void> {
    for (const name of names) {
      if ((await running(name)) !== undefined) {
        throw new LabError(`${name} is running: npx tsx scripts/stack.ts down, then reset`);
      }
    }
    for (const name of names) {
      await rm(join(places.data, SERVICES[name].data), { recursive: true, force: true });
      await makeFolders(join(places.data, SERVICES[name].data));
    }
  }

  return {
    places,
    config,
    addresses: ownAddresses(config),
    select,
    prepare,
    start,
    run: runService,
    answers: (name) => SERVICES[name].answers(places, config),
    archiveClasses: () => makeArchives(places, SERVICE_NAMES.map(archived)),
    stop: stopService,
    status: () => Promise.all(SERVICE_NAMES.map(statusOf)),
    reset,
    logOf,
  };
}
