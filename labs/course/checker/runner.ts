import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { startTimer } from "../../shared/wait.js";
import type { Exercise } from "./exercises.js";
import type { Verdict } from "./verdict.js";

// Learner's code runs in a process of its own, since it may loop for ever, end the process or flood the output. The process
// is kept warm between two checks, so that a verdict takes a part of a second.

const WORKER = "labs/course/checker/worker.ts";
const LIMIT_MS = 10_000;
/** Spark plans each of its queries for a while. */
const SPARK_LIMIT_MS = 120_000;
const START_LIMIT_MS = 30_000;
/** What is kept of the process's own words, characters. */
const MAX_WORDS = 500;

/** What a check has found, as the process tells it. */
export type Finding = Pick<Verdict, "status" | "message" | "passed" | "checks">;

export interface Runner {
  check(exercise: Exercise): Promise<Verdict>;
  close(): void;
}

interface Worker {
  process: ChildProcess;
  ready: Promise<void>;
  /** The last that it has written to its standard error. */
  lastWords(): string;
}

/** @param root the project's root */
export function startRunner(root: string): Runner {
  let worker = start();

  function start(): Worker {
    const child = spawn(process.execPath, ["--import", "tsx", join(root, WORKER)], {
      cwd: root,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      detached: true, // a group of its own, which can be ended with all that it has started
    });
    let words = "";
    child.on("error", ({ message }) => (words = message));
    child.stderr!.setEncoding("utf8").on("data", (text) => {
      words = `${words}${text}`.slice(-MAX_WORDS);
    });
    const ready = new Promise<void>((resolve) => child.once("message", () => resolve()));
    return { process: child, ready, lastWords: () => words.trim() };
  }

  function kill({ process: child }: Worker): void {
    try {
      process.kill(-child.pid!, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }

  /** What is found, or that the process must be replaced, and why. */
  async function find(exercise: Exercise): Promise<Finding | { fatal: string }> {
    const { process: child, ready, lastWords } = worker;
    const limitMs = exercise.needs === "spark" ? SPARK_LIMIT_MS : LIMIT_MS;
    const timer = new AbortController();
    try {
      return await new Promise<Finding | { fatal: string }>((resolve) => {
        const give = (fatal: string) => resolve({ fatal });
        const notStarted = () => give(`the check could not be started: ${lastWords()}`);
        const startLimit = startTimer(START_LIMIT_MS, notStarted);
        timer.signal.addEventListener("abort", () => startLimit.cancel());
        if (child.exitCode !== null) notStarted();
        child.once("close", notStarted); // when all of its words have come
        void ready.then(() => {
          startLimit.cancel();
          child.off("close", notStarted);
          child.once("exit", () => give("your code has ended the process that checks it"));
          const limit = startTimer(limitMs, () =>
            give(`no answer within ${limitMs / 1_000} s: does your code loop for ever?`),
          );
          timer.signal.addEventListener("abort", () => limit.cancel());
          child.once("message", (finding) => resolve(finding as Finding));
          child.send(exercise.name);
        });
      });
    } finally {
      timer.abort();
      child.removeAllListeners("exit");
      child.removeAllListeners("close");
      child.removeAllListeners("message");
    }
  }

  return {
    async check(exercise) {
      const { name, chapter } = exercise;
      const finding = await find(exercise);
      if (!("fatal" in finding)) return { name, chapter, ...finding };
      kill(worker);
      worker = start();
      return { name, chapter, status: "error", message: finding.fatal, passed: 0, checks: 0 };
    },
    close: () => kill(worker),
  };
}
