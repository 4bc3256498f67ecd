import { spawn } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { LabError, errorCode, errorMessage } from "./errors.js";

// Locks between processes with flock(2). The kernel grants a lock to one process at a time and releases it when that process
// ends, however it ends. So there are no stale locks to detect, and process ids need not be trusted.
//
// Node has no call for flock(2). But a lock belongs to the open file description, not to the process that requested it: the
// command flock(1) inherits our open file, takes the lock and exits, and the lock lasts as long as the file is open. A shell
// script does the same with `exec 9>file; flock 9`.
//
// The file is not removed when the lock is released. Otherwise one process could lock the removed file while another locks a
// new file of the same name.

/** The exit code of flock(1) if another process holds the lock. */
const HELD_BY_ANOTHER = 75;

/** A lock that this process holds until it releases it or ends. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Locks a file, creating it if it is missing.
 *
 * Processes on one machine exclude each other, also in containers; processes on several machines do if the file system
 * supports it, as NFS does.
 *
 * @param waitMs how long to wait for another process to release it
 * @param signal stops the wait
 * @returns undefined if another process holds the lock
 * @throws Error of the operating system if the file cannot be opened for writing
 * @throws LabError if the file system does not support locks
 */
export async function lockFile(
  path: string,
  waitMs = 0,
  signal?: AbortSignal,
): Promise<Lock | undefined> {
  const file = await open(path, "a+");
  try {
    if (!(await flock(file.fd, path, waitMs, signal))) {
      await file.close();
      return undefined;
    }
    await file.truncate();
    await file.appendFile(`${process.pid} ${hostname()}\n`);
  } catch (error) {
    await file.close();
    throw error;
  }
  return {
    release: async () => {
      await file.truncate();
      await file.close();
    },
  };
}

/** Describes the process that holds a lock: `process 123`; empty if unknown. */
export async function lockHolder(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => "");
  const [, pid, host] = /^(\d+) (\S+)\n$/.exec(text) ?? [];
  if (pid === undefined) return "";
  return host === hostname() ? `process ${pid}` : `process ${pid} on ${host}`;
}

/** Locks an open file. @returns false if another process holds the lock */
function flock(
  fileDescriptor: number,
  path: string,
  waitMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const patience = waitMs === 0 ? ["--nonblock"] : ["--timeout", String(waitMs / 1_000)];
  const args = ["--exclusive", ...patience, "--conflict-exit-code", String(HELD_BY_ANOTHER), "3"];
  return new Promise((resolve, reject) => {
    const child = spawn("flock", args, {
      stdio: ["ignore", "ignore", "pipe", fileDescriptor], // the last one is the child's 3
      detached: true, // Ctrl-C must not kill it; this process handles it
      signal,
    });
    let words = "";
    child.stderr!.setEncoding("utf8").on("data", (text) => (words += text));
    child.on("error", (error) => {
      if (signal?.aborted) resolve(false);
      else if (errorCode(error) === "ENOENT") {
        reject(new LabError("the command flock is missing: sudo apt-get install util-linux"));
      } else reject(new LabError(`cannot lock ${path}: flock: ${errorMessage(error)}`));
    });
    child.on("close", (code) => {
      if (code === 0 || code === HELD_BY_ANOTHER) resolve(code === 0);
      else reject(new LabError(`cannot lock ${path}: ${words.trim() || "flock was killed"}`));
    });
  });
}
