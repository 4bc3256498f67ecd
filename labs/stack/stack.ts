import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { ownAddresses, portVariable, type OwnAddresses, type StackConfig } from "../config.js";
import { LabError, errorMessage } from "../errors.js";
import { makeFolders } from "../files.js";
import {
  fileSize,
  holderOf,
  isPortFree,
  isRunning,
  lastLines,
  memoryBytes,
  readRecord,
  removeRecord,
  startDetached,
  stop,
  uptimeSeconds,
  type ProcessRecord,
} from "./process.js";
import {
  SERVICES,
  SERVICE_NAMES,
  hadoopJava,
  isFormatted,
  prepareSettings,
  requireInstalled,
  type Places,
  type ServiceName,
} from "./service.js";

const START_LIMIT_MS = 90_000;
const STOP_LIMIT_MS = 20_000;
const POLL_MS = 200;
/** A NameNode that starts is in safe mode for a moment: that is no news. */
const WORTH_SAYING_MS = 3_000;
const MOST_RESTARTS = 3;

/** The lab's own Kafka, HDFS and Spark on this machine. */
export interface Stack {
  readonly places: Places;
  /** Where its services answer. */
  readonly addresses: OwnAddresses;
  /** The services of the names, which may be `hdfs`, with all that they need, in order of start. */
  select(names: readonly string[]): ServiceName[];
  /** Checks what must be there before anything is started, and writes the settings. */
  prepare(names: readonly ServiceName[]): Promise<void>;
  /**
   * Starts a service, unless it runs, and waits until it answers.
   *
   * @param report is told what it waits for, where a person may want to end that: safe mode
   * @throws LabError with its own last words
   */
  start(name: ServiceName, report?: (notice: string) => void): Promise<void>;
  /** Ends a service, cleanly if it can. @returns whether it was running */
  stop(name: ServiceName): Promise<boolean>;
  status(): Promise<ServiceStatus[]>;
  /** Removes the data of stopped services. */
  reset(names: readonly ServiceName[]): Promise<void>;
  logOf(name: ServiceName): string;
}

export interface ServiceStatus {
  name: ServiceName;
  /** answers: it does its work; silent: the process runs but does not answer; stopped. */
  health: "answers" | "silent" | "stopped";
  pid: number | null;
  port: number;
  uptimeSeconds: number | null;
  memoryBytes: number | null;
}

export function openStack(root: string, config: StackConfig): Stack {
  const { folder } = config;
  const places: Places = {
    root,
    installed: join(root, ".lab"),
    settings: join(folder, "settings"),
    data: join(folder, "data"),
    logs: join(folder, "logs"),
    run: join(folder, "run"),
  };
  const logOf = (name: ServiceName) => join(places.logs, `${name}.log`);
  const recordOf = (name: ServiceName) => join(places.run, `${name}.json`);
  const portOf = (name: ServiceName) => config.ports[SERVICES[name].ports[0]!];
  const java = join(places.installed, "java/bin/java");

  function select(names: readonly string[]): ServiceName[] {
    const chosen = new Set<ServiceName>();
    function choose(name: ServiceName): void {
      for (const needed of SERVICES[name].needs) choose(needed);
      chosen.add(name);
    }
    for (const name of names.length === 0 ? SERVICE_NAMES : names) {
      if (name === "hdfs") choose("datanode");
      else choose(name as ServiceName);
    }
    return SERVICE_NAMES.filter((name) => chosen.has(name));
  }

  /** The process of a service, if it runs. A record that outlived its process counts for nothing. */
  async function running(name: ServiceName): Promise<ProcessRecord | undefined> {
    const record = await readRecord(recordOf(name));
    return record !== undefined && (await isRunning(record)) ? record : undefined;
  }

  async function requirePorts(name: ServiceName): Promise<void> {
    for (const portName of SERVICES[name].ports) {
      const port = config.ports[portName];
      if (await isPortFree(port)) continue;
      throw new LabError(
        `port ${port}, which ${name} needs, is taken by ${await holderOf(port)}: end that, or move the lab's by ${portVariable(portName)}`,
      );
    }
  }

  async function prepare(names: readonly ServiceName[]): Promise<void> {
    for (const name of names) await requireInstalled(places, name);
    await prepareSettings(places, config);
    for (const name of names) {
      if ((await running(name)) === undefined) await requirePorts(name);
    }
  }

  async function format(): Promise<void> {
    if (await isFormatted(places)) return;
    const main = "org.apache.hadoop.hdfs.server.namenode.NameNode";
    const { args } = hadoopJava(places, main, "-format", "-nonInteractive");
    await promisify(execFile)(java, args, { cwd: places.data }).catch((error: unknown) => {
      throw new LabError(`formatting the NameNode failed: ${errorMessage(error).split("\n")[0]}`);
    });
  }

  /** Why a service died, from what it wrote since it was started. */
  async function lastWords(name: ServiceName, from: number): Promise<LabError> {
    const lines = await lastLines(logOf(name), 400, from);
    const text = lines.join("\n");
    for (const [pattern, meaning] of SERVICES[name].failures) {
      if (pattern.test(text)) return new LabError(`${name} cannot start: ${meaning}`);
    }
    const shown = lines.slice(-8).map((line) => `  ${line}`);
    return new LabError(
      `${name} ended while starting. Its last lines (all: npx tsx scripts/stack.ts logs ${name}):\n${shown.join("\n")}`,
    );
  }

  async function start(name: ServiceName, report?: (notice: string) => void): Promise<void> {
    const service = SERVICES[name];
    let record = await running(name);
    let isOurs = false;
    let from = await fileSize(logOf(name));
    if (record === undefined && name === "namenode") await format();
    const beganMs = performance.now();
    const waitedMs = () => performance.now() - beganMs;
    const giveUpMs = beganMs + START_LIMIT_MS;
    let said: string | undefined;
    for (let restarts = 0; ;) {
      if (record === undefined) {
        from = await fileSize(logOf(name));
        const { args, environment = {} } = service.java(places, config);
        const where = { cwd: places.data, log: logOf(name), record: recordOf(name) };
        record = await startDetached(java, args, { ...where, environment });
        isOurs = true;
      }
      const silence = await service.answers(places, config).then(() => undefined, errorMessage);
      // Answered, but by whom? Another program may have taken the port in the meantime.
      const alive = await isRunning(record);
      if (silence === undefined && alive) return;
      if (!alive && !isOurs) {
        record = undefined; // it was about to end when it was found
      } else if (!alive) {
        await removeRecord(recordOf(name));
        const text = (await lastLines(logOf(name), 400, from)).join("\n");
        if (service.passing?.test(text) !== true || ++restarts > MOST_RESTARTS) {
          throw await lastWords(name, from);
        }
        record = undefined;
        await sleep(1_000);
      } else if (performance.now() > giveUpMs) {
        throw new LabError(
          `${name} runs but does not answer (${silence}) after ${START_LIMIT_MS / 1_000} s; see: npx tsx scripts/stack.ts logs ${name}`,
        );
      } else {
        if (silence !== said && waitedMs() > WORTH_SAYING_MS && /safe mode/.test(silence ?? "")) {
          said = silence;
          report?.(silence!);
        }
        await sleep(POLL_MS);
      }
    }
  }

  async function stopService(name: ServiceName): Promise<boolean> {
    const record = await running(name);
    if (record !== undefined) await stop(record, STOP_LIMIT_MS);
    await removeRecord(recordOf(name));
    return record !== undefined;
  }

  async function statusOf(name: ServiceName): Promise<ServiceStatus> {
    const record = await running(name);
    if (record === undefined) {
      const nothing = { pid: null, uptimeSeconds: null, memoryBytes: null };
      return { name, health: "stopped", port: portOf(name), ...nothing };
    }
    const answers = await SERVICES[name].answers(places, config).then(
      () => true,
      () => false,
    );
    return {
      name,
      health: answers ? "answers" : "silent",
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
    addresses: ownAddresses(config),
    select,
    prepare,
    start,
    stop: stopService,
    status: () => Promise.all(SERVICE_NAMES.map(statusOf)),
    reset,
    logOf,
  };
}
