import { execFile, spawn } from "node:child_process";
import { open, readFile, readdir, readlink, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { errorCode, errorMessage } from "../shared/errors.js";
import { lastWords } from "../shared/process.js";
import { sleep } from "../shared/wait.js";

// Background processes that outlive the command that started them, found through Linux's /proc.

/** Identifies a process that was started. The start time distinguishes it from a later process with the same pid. */
export interface ProcessRecord {
  pid: number;
  /** Clock ticks from the machine's boot to the process's start. */
  startTicks: number;
  /** Identifies the machine and its boot. */
  bootId: string;
}

const TICKS_PER_SECOND = 100;
const MAX_OUTPUT_BYTES = 16 * 1024 ** 2;

/** The fields of /proc/PID/stat after the command's name; undefined if there is no such process. */
async function statFields(pid: number): Promise<string[] | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

async function startTicks(pid: number): Promise<number | undefined> {
  const fields = await statFields(pid);
  // A zombie (Z) has ended, but its parent has not yet read its exit status.
  return fields === undefined || fields[0] === "Z" ? undefined : Number(fields[19]);
}

const readBootId = async () =>
  (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trimEnd();

/** Whether the recorded process is still running. */
export async function isRunning(record: ProcessRecord): Promise<boolean> {
  if (record.bootId !== (await readBootId())) return false;
  return (await startTicks(record.pid)) === record.startTicks;
}

export async function readRecord(path: string): Promise<ProcessRecord | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as ProcessRecord;
  } catch {
    return undefined; // missing, or cut short by a crash
  }
}

/** Starts a program in the background, appends its output to a log file, and writes a record of the process. */
export async function startDetached(
  command: string,
  args: readonly string[],
  options: { cwd: string; environment: Record<string, string>; log: string; record: string },
): Promise<ProcessRecord> {
  const output = await open(options.log, "a");
  try {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.environment },
      detached: true,
      stdio: ["ignore", output.fd, output.fd],
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
    const record = {
      pid: child.pid!,
      startTicks: (await startTicks(child.pid!)) ?? -1,
      bootId: await readBootId(),
    };
    await writeFile(options.record, JSON.stringify(record));
    return record;
  } finally {
    await output.close();
  }
}

/**
 * Runs a program to its end.
 *
 * @throws Error with the last lines of its output if it fails, or with the reason why it could not be started
 */
export async function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; environment?: Record<string, string> } = {},
): Promise<{ stdout: string; stderr: string }> {
  const { cwd, environment } = options;
  const env = { ...process.env, ...environment };
  try {
    return await promisify(execFile)(command, args, { cwd, env, maxBuffer: MAX_OUTPUT_BYTES });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    const words = lastWords(`${stdout}\n${stderr}`);
    throw new Error(words === "" ? errorMessage(error) : `its last lines:\n${words}`, {
      cause: error,
    });
  }
}

/** Sends SIGTERM to a process, and SIGKILL if it has not ended after `waitMs`. @returns whether SIGTERM was enough */
export async function stop(record: ProcessRecord, waitMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + waitMs;
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(record.pid, name);
    } catch (error) {
      if (errorCode(error) !== "ESRCH") throw error;
    }
  };
  if (!(await isRunning(record))) return true;
  signal("SIGTERM");
  while (await isRunning(record)) {
    if (performance.now() > deadlineMs) {
      signal("SIGKILL");
      while (await isRunning(record)) await sleep(50);
      return false;
    }
    await sleep(50);
  }
  return true;
}

/** Resident memory in bytes. */
export async function memoryBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1_024;
}

/** How long a recorded process has been running, seconds. */
export async function uptimeSeconds(record: ProcessRecord): Promise<number> {
  const uptime = Number((await readFile("/proc/uptime", "utf8")).split(" ")[0]);
  return Math.max(0, uptime - record.startTicks / TICKS_PER_SECOND);
}

/** A socket that listens. */
export interface Listener {
  /** For example `127.0.0.1`; `*` if it listens on every address. */
  address: string;
  port: number;
  inode: string;
}

const LISTEN = "0A";

function parseAddress(hex: string): string {
  if (/^0+$/.test(hex)) return "*";
  if (hex.length === 8) {
    return hex
      .match(/../g)!
      .reverse()
      .map((byte) => parseInt(byte, 16))
      .join(".");
  }
  // An IPv4-mapped IPv6 address, which Java uses: the last four bytes, in host byte order.
  if (/^0{16}FFFF0000/i.test(hex)) return parseAddress(hex.slice(24));
  return hex === "00000000000000000000000001000000" ? "::1" : hex;
}

/** All listening TCP sockets of this machine. */
export async function listeners(): Promise<Listener[]> {
  const found: Listener[] = [];
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const text = await readFile(table, "utf8").catch(() => "");
    for (const line of text.trimEnd().split("\n").slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[3] !== LISTEN) continue;
      const [address, port] = fields[1]!.split(":");
      found.push({
        address: parseAddress(address!),
        port: parseInt(port!, 16),
        inode: fields[9]!,
      });
    }
  }
  return found;
}

/** The inodes of a process's sockets; empty if the process belongs to another user. */
export async function socketsOf(pid: number): Promise<Set<string>> {
  const inodes = new Set<string>();
  for (const name of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
    const target = await readlink(`/proc/${pid}/fd/${name}`).catch(() => "");
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined) inodes.add(inode);
  }
  return inodes;
}

/** Who listens on a port: the process itself, another one, or nobody. */
export async function whoListens(
  port: number,
  pid: number,
): Promise<"itself" | "other" | "nobody"> {
  const listening = (await listeners()).filter((each) => each.port === port);
  if (listening.length === 0) return "nobody";
  const own = await socketsOf(pid);
  return listening.some(({ inode }) => own.has(inode)) ? "itself" : "other";
}

/** Describes the process that listens on a port: `process 123 (java …)`. */
export async function holderOf(port: number): Promise<string> {
  const inodes = (await listeners()).filter((each) => each.port === port).map(({ inode }) => inode);
  for (const name of await readdir("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const held = await socketsOf(pid);
    if (!inodes.some((inode) => held.has(inode))) continue;
    const command = (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ").trim();
    return `process ${pid} (${command.length > 60 ? `${command.slice(0, 57)}...` : command})`;
  }
  return "a process of another user";
}

/** Whether a port is free on 127.0.0.1. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1" }, () => server.close(() => resolve(true)));
  });
}

/** Up to `count` last lines of a file, not before a position. */
export async function lastLines(path: string, count: number, from = 0): Promise<string[]> {
  const text = (await readFile(path).catch(() => Buffer.alloc(0))).subarray(from).toString();
  return text.trimEnd().split("\n").slice(-count);
}

/** The size of a file in bytes; 0 if it does not exist. */
export async function fileSize(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

export const removeRecord = (path: string) => rm(path, { force: true });
