import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { errorCode } from "../../labs/shared/errors.js";
import type { Ending } from "./judge.js";

const PIPELINE = resolve("scripts/run-pipeline.ts");
const running = new Set<Command>();
let isOver = false;

/** One start of the pipeline's command line: a process group of its own, so that it can be killed whole. */
export interface Command {
  pid: number;
  /** Resolves when the process has ended and its output is closed. */
  result: Promise<Ending>;
  hasEnded(): boolean;
  /** Signals the whole process group; nothing where it has ended. */
  signal(name: NodeJS.Signals): void;
}

/**
 * Starts the pipeline.
 *
 * @param maxFileKb no file may grow beyond this, as on a full disk (`ulimit -f`)
 */
export function startPipeline(
  args: readonly string[],
  environment: Record<string, string>,
  maxFileKb?: number,
): Command {
  if (isOver) throw new Error("the campaign is over");
  const node = [process.execPath, "--import", "tsx", PIPELINE, ...args];
  const limited = ["bash", "-c", `ulimit -f ${maxFileKb}; exec "$@"`, "bash", ...node];
  const [command, ...rest] = maxFileKb === undefined ? node : limited;
  const child = spawn(command!, rest, {
    env: { ...process.env, ...environment },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  let ended = false;
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  const result = new Promise<Ending>((done, reject) => {
    child.on("error", reject);
    child.on("exit", () => (ended = true));
    child.on("close", (code, signal) => {
      running.delete(started);
      done({ code, signal, stdout, stderr });
    });
  });
  const started: Command = {
    pid: child.pid!,
    result,
    hasEnded: () => ended,
    signal(name) {
      if (ended) return;
      try {
        process.kill(-child.pid!, name);
      } catch (error) {
        if (errorCode(error) !== "ESRCH") throw error;
      }
    },
  };
  running.add(started);
  return started;
}

/** Ends every pipeline that this process has started and that still runs. No other one can be started. */
export function killAllPipelines(): void {
  isOver = true;
  for (const command of running) {
    command.signal("SIGCONT");
    command.signal("SIGKILL");
  }
}
