import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { LabError } from "../../shared/errors.js";
import { lastWords } from "../../shared/process.js";
import { startTimer } from "../../shared/wait.js";
import type { ShowStarts } from "../../stack/start.js";
import type { Exercise } from "./exercises.js";
import { startNeeds } from "./needs.js";
import type { Verdict } from "./verdict.js";

// Learners' code runs in a separate process, because it may loop forever, exit or flood the output. The process keeps
// running between checks, so that a verdict takes less than half a second.

const WORKER = "labs/course/checker/worker.ts";
/** Where the checks note which call they make, for an answer that never returns. */
const CALL_FILE = ".lab/exercise-call.txt";
const LIMIT_MS = 10_000;
/** Real systems need time: a broker restarts, Spark plans each query. */
const SYSTEMS_LIMIT_MS = 120_000;
const START_LIMIT_MS = 30_000;
const MAX_STDERR_CHARACTERS = 10_000;
const MAX_PRINTED_CHARACTERS = 10_000;

/** What the worker is asked to do: check an answer, or only compile it. */
export interface CheckRequest {
  name: string;
  compileOnly: boolean;
}

/** The worker's result for an answer. */
export type CheckResult = Pick<Verdict, "status" | "message" | "passed" | "checks">;

/** What the worker sends: what the answer prints, and in the end the result, if there is one. */
export type CheckReport = { printed: string } | { result: CheckResult | undefined };

export interface Runner {
  /**
   * Runs the checks of an exercise. Starts the real systems that they need, if the answer can be compiled.
   *
   * @throws LabError if the worker or one of the systems cannot start
   */
  check(exercise: Exercise): Promise<Verdict>;
  close(): void;
}

interface Worker {
  process: ChildProcess;
  /** Rejects with a LabError if the worker ends before it is ready. */
  ready: Promise<void>;
  /** The end of what it has written to stderr. */
  stderr(): string;
}

export interface RunnerOptions {
  /** The root of the project in which the real systems are installed: by default, that of the answers. */
  systemsRoot?: string;
  /** Shows how real systems start: by default, on stderr. */
  showStarts?: ShowStarts;
}

/** @param root the root of the project whose answers are checked */
export function startRunner(root: string, options: RunnerOptions = {}): Runner {
  const { systemsRoot = root, showStarts } = options;
  let worker = startWorker(root, systemsRoot);

  /** The verdict; undefined for an answer that was only compiled, without an error. */
  async function ask(exercise: Exercise, compileOnly: boolean): Promise<Verdict | undefined> {
    const { name, chapter } = exercise;
    let printed = "";
    const result = await resultOf({ name, compileOnly }, exercise, (text) => {
      if (printed.length <= MAX_PRINTED_CHARACTERS) printed = cut(`${printed}${text}`);
    });
    if (result === undefined) return undefined;
    if (!("fatal" in result)) return { name, chapter, ...result, printed };
    restart();
    const message = result.fatal;
    return { name, chapter, status: "error", message, passed: 0, checks: 0, printed };
  }

  /** The result, or why the worker must be replaced. */
  async function resultOf(
    request: CheckRequest,
    { needs }: Exercise,
    onPrinted: (text: string) => void,
  ): Promise<CheckResult | { fatal: string } | undefined> {
    const { process: child, ready, stderr } = worker;
    await ready;
    mkdirSync(join(root, ".lab"), { recursive: true });
    writeFileSync(join(root, CALL_FILE), "");
    const limitMs = needs !== undefined ? SYSTEMS_LIMIT_MS : LIMIT_MS;
    return new Promise((resolve) => {
      const end = (result: CheckResult | { fatal: string } | undefined) => {
        limit.cancel();
        child.removeAllListeners("message").off("close", ended);
        resolve(result);
      };
      const ended = () => {
        end({ fatal: withWords("your code ended the process that checks it", stderr()) });
      };
      const limit = startTimer(limitMs, () => {
        const call = readFileSync(join(root, CALL_FILE), "utf8");
        const input = call === "" ? "" : `\n  input:     ${call}`;
        const question = `no answer within ${limitMs / 1_000} s: does your code loop forever?`;
        end({ fatal: `${question}${input}` });
      });
      if (hasEnded(child)) return ended();
      child.once("close", ended); // after all of its output has been read
      child.on("message", (report: CheckReport) => {
        if ("printed" in report) onPrinted(report.printed);
        else end(report.result);
      });
      child.send(request);
    });
  }

  return {
    async check(exercise) {
      const { name, chapter, needs } = exercise;
      try {
        if (needs !== undefined) {
          const typeError = await ask(exercise, true);
          if (typeError !== undefined) return typeError;
          const missing = await startNeeds(systemsRoot, needs, showStarts);
          if (missing !== undefined) {
            return { name, chapter, status: "skipped", message: missing, passed: 0, checks: 0 };
          }
        }
        return (await ask(exercise, false))!;
      } catch (error) {
        restart();
        throw error;
      }
    },
    close: () => kill(worker),
  };

  function restart(): void {
    kill(worker);
    worker = startWorker(root, systemsRoot);
  }
}

function startWorker(root: string, systemsRoot: string): Worker {
  const child = spawn(process.execPath, ["--import", "tsx", join(root, WORKER)], {
    cwd: root,
    // A time zone that nobody tests in by chance: an answer must not depend on it.
    // Checks that restart a system find it by LAB_SYSTEMS_ROOT, and note their current call in LAB_CALL_FILE.
    env: {
      ...process.env,
      TZ: "Asia/Kathmandu",
      LAB_SYSTEMS_ROOT: resolve(systemsRoot),
      LAB_CALL_FILE: join(root, CALL_FILE),
    },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    detached: true, // its own process group, so that its child processes can be killed too
  });
  let stderr = "";
  child.stderr!.setEncoding("utf8").on("data", (text) => {
    stderr = `${stderr}${text}`.slice(-MAX_STDERR_CHARACTERS);
  });
  const ready = new Promise<void>((resolve, reject) => {
    const fail = (reason: string) => {
      limit.cancel();
      const message = `the checker cannot start (this is not caused by your code): ${reason}`;
      reject(new LabError(withWords(message, stderr)));
    };
    const limit = startTimer(START_LIMIT_MS, () =>
      fail(`it was not ready within ${START_LIMIT_MS / 1_000} s`),
    );
    child.once("message", () => {
      limit.cancel();
      resolve();
    });
    child.once("error", ({ message }) => fail(message));
    child.once("close", (code, signal) =>
      fail(signal === null ? `it ended with exit code ${code}` : `it was killed by ${signal}`),
    );
  });
  ready.catch(() => {}); // check() reports the error
  return { process: child, ready, stderr: () => stderr };
}

/** The beginning of what an answer prints. */
const cut = (text: string) =>
  text.length <= MAX_PRINTED_CHARACTERS
    ? text
    : `${text.slice(0, MAX_PRINTED_CHARACTERS)}\n… your code printed more`;

const withWords = (message: string, stderr: string) => `${message}\n${lastWords(stderr)}`.trimEnd();

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

function kill({ process: child }: Worker): void {
  try {
    process.kill(-child.pid!, "SIGKILL");
  } catch {
    // It has already ended.
  }
}
