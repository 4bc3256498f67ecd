import { fork, type ChildProcess } from "node:child_process";
import { resolve } from "node:path";

// Runs a function of an answer in a process of its own, so that it can be killed as the kernel kills.

/** What the two processes send to each other. */
export type Message =
  | { type: "call"; path: string; name: string; args: unknown[] }
  /** The answer has called the callback that stands for `CALLBACK` among its arguments. */
  | { type: "callback"; id: number; args: unknown[] }
  | { type: "returned"; id: number }
  | { type: "result"; value: unknown }
  | { type: "error"; name: string; message: string };

/** Stands among the arguments for a function that calls back to the checking process. */
export const CALLBACK = "\0callback";

/** An answer that runs in a process of its own. */
export interface Running {
  /** What the function returned. @throws what it threw; an error with name `Killed` if it was killed */
  result: Promise<unknown>;
  /** Ends the process by SIGKILL. */
  kill(): void;
}

/** The error of an answer, with its name, such as `NotDone`. */
function thrown(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

/**
 * Calls a function of a module in a process of its own.
 *
 * @param args plain data, or `CALLBACK` in place of a function
 * @param onCallback what the function in place of `CALLBACK` does; by default, nothing
 */
export function startAnswer(
  path: string,
  name: string,
  args: readonly unknown[],
  onCallback: (...args: unknown[]) => Promise<void> | void = () => {},
): Running {
  const child: ChildProcess = fork("test/exercises/process-main.ts", {
    execArgv: ["--import", "tsx"],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding("utf8").on("data", (text: string) => console.log(text.trimEnd()));
  }
  const result = new Promise<unknown>((fulfil, reject) => {
    child.on("message", (message: Message) => {
      if (message.type === "result") fulfil(message.value);
      if (message.type === "error") reject(thrown(message.name, message.message));
      if (message.type !== "callback") return;
      const { id } = message;
      Promise.resolve(onCallback(...message.args)).then(
        () => child.connected && child.send({ type: "returned", id } satisfies Message),
        reject,
      );
    });
    child.once("error", reject);
    child.once("close", () => reject(thrown("Killed", "the process has ended")));
  }).finally(() => child.kill("SIGKILL"));
  result.catch(() => {}); // the caller may look later
  child.send({ type: "call", path: resolve(path), name, args: [...args] } satisfies Message);
  return { result, kill: () => void child.kill("SIGKILL") };
}
