import { spawn } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { LabError, errorCode, errorMessage } from "./errors.js";

// Locks between processes, by flock(2): the kernel gives a lock to one process only, and takes it back when that process
// ends, however it ends. So nothing of a killed process has to be recognized and removed, and no process id is believed.
//
// Node has no call for it. But the lock belongs to the open file and not to the process that asked for it: the command
// flock(1) is handed our open file, takes the lock and exits, and the lock is ours as long as the file is open. A shell
// script does the same with `exec 9>file; flock 9`.
//
// The file stays when the lock is given back. If it were removed, one process could lock the removed file and another
// one a new file of the same name.

/** What flock(1) exits with when another process has the lock. */
const HELD_BY_ANOTHER = 75;

/** A lock that this process has until it releases it or ends. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Locks a file, which is made where it is missing.
 *
 * Processes of one machine exclude each other, in containers too; those of several machines do if the file system passes
 * flock(2) on, as NFS does.
 *
 * @param waitMs how long to wait for another process to release it
 * @param signal ends the waiting
 * @returns undefined if another process has it
 * @throws Error of the operating system if the file cannot be opened for writing
 * @throws LabError if the file system has no locks
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

/** Who has a lock, in words for a person: `process 123`; empty where that is not known. */
export async function lockHolder(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => "");
  const [, pid, host] = /^(\d+) (\S+)\n$/.exec(text) ?? [];
  if (pid === undefined) return "";
  return host === hostname() ? `process ${pid}` : `process ${pid} on ${host}`;
}

/** @returns whether the open file is locked now */
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
      detached: true, // Ctrl-C is for this process to answer
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
