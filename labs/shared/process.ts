import type { ChildProcess } from "node:child_process";
import { LabError, errorMessage } from "./errors.js";

// What all programs that the lab starts have in common.

/** How many lines of a failed program's output are shown. */
const MAX_LAST_LINES = 8;
const MAX_LINE_LENGTH = 300;
/** Output that does not explain a failure: INFO messages, stack traces of Java and Node, Hadoop's banners, Node's marks. */
const NOISE = /\bINFO\b|^\s+at |(STARTUP|SHUTDOWN)_MSG:|^\/?\*+\/?$|^Node\.js v|^\s*\^+$/;

/**
 * The exit code of a program, once it has ended and its output has been read; null if a signal ended it. The promise may be
 * awaited at any time: a rejection before that is not an unhandled one.
 *
 * @throws LabError (when awaited) if the program could not be started
 */
export function exitCode(child: ChildProcess): Promise<number | null> {
  const code = new Promise<number | null>((resolve, reject) => {
    child.on("error", (error) =>
      reject(new LabError(`cannot start ${child.spawnfile}: ${errorMessage(error)}`)),
    );
    child.on("close", resolve);
  });
  code.catch(() => {});
  return code;
}

/** The last lines of a program's output that may explain why it failed, indented. */
export function lastWords(output: string): string {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  const relevant = lines.filter((line) => !NOISE.test(line));
  return (relevant.length === 0 ? lines : relevant)
    .slice(-MAX_LAST_LINES)
    .map((line) => `  ${line.slice(0, MAX_LINE_LENGTH)}`)
    .join("\n");
}
