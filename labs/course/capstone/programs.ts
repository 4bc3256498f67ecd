import { spawn } from "node:child_process";
import { dirname } from "node:path";
import { exitCode, lastWords } from "../../shared/process.js";

// The learner's two programs, each a process of its own that can be killed.

const MAX_OUTPUT_CHARACTERS = 20_000;

/** How a program has ended. */
export interface ProgramEnd {
  /** Null if it was killed. */
  code: number | null;
  /** The last lines that it has written, indented. */
  words: string;
}

export interface RunningProgram {
  /** Resolves when it has ended. */
  ended: Promise<ProgramEnd>;
  /** Undefined while it runs. */
  end(): ProgramEnd | undefined;
  /** `kill -9` of the program and what it has started. */
  kill(): Promise<void>;
}

/** The last lines of an output, and the first place of a stack trace that is in a folder. */
function wordsOf(output: string, folder: string): string {
  const place = output.split("\n").find((line) => /^\s+at /.test(line) && line.includes(folder));
  return [lastWords(output), ...(place === undefined ? [] : [`  ${place.trim()}`])].join("\n");
}

/** Starts a TypeScript file with the lab's own Node. @param root its working directory */
export function startProgram(
  root: string,
  file: string,
  environment: Record<string, string>,
): RunningProgram {
  const child = spawn(process.execPath, ["--import", "tsx", file], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // its own process group, so that its child processes are killed too
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output = `${output}${text}`.slice(-MAX_OUTPUT_CHARACTERS);
    });
  }
  let end: ProgramEnd | undefined;
  const ended = exitCode(child).then(
    (code) => (end = { code, words: wordsOf(output, dirname(file)) }),
  );
  ended.catch(() => {}); // thrown where it is awaited
  return {
    ended,
    end: () => end,
    async kill() {
      try {
        process.kill(-child.pid!, "SIGKILL");
      } catch {
        // It has already ended.
      }
      await ended;
    },
  };
}
