import { on } from "node:events";
import { emitKeypressEvents } from "node:readline";
import cliProgress from "cli-progress";
import { confirm } from "../../shared/confirm.js";
import { startTimer } from "../../shared/wait.js";
import { painter, type Paint } from "./verdict.js";

/** How long nothing needs to be shown. */
const QUIET_MS = 1_000;

/** The checker's input from the learner and output to the learner. */
export interface Terminal {
  print(text: string): void;
  paint: Paint;
  /** Asks a yes-or-no question. @throws UsageError if there is no terminal to ask on */
  confirm(question: string): Promise<boolean>;
  /** Runs a function and shows a progress bar; the function reports the number of steps done. */
  withBar<T>(total: number, run: (onStep: (done: number) => void) => Promise<T>): Promise<T>;
  /** Waits for a promise; if that takes more than a second, shows a text meanwhile. */
  waitingFor<T>(text: string, result: Promise<T>): Promise<T>;
  /** The keys that the learner presses. Without a terminal, waits for Ctrl-C. */
  keys(): AsyncIterable<string>;
}

/** The terminal of this process. @param yes answer all questions with yes */
export function processTerminal(yes: boolean): Terminal {
  return {
    print: (text) => console.log(text),
    paint: painter(process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined),
    confirm: (question) => (yes ? Promise.resolve(true) : confirm(question)),
    withBar,
    waitingFor,
    keys,
  };
}

async function withBar<T>(
  total: number,
  run: (onStep: (done: number) => void) => Promise<T>,
): Promise<T> {
  const bar = new cliProgress.SingleBar({
    format: "checking {bar} {value} of {total}",
    stream: process.stderr,
    clearOnComplete: true,
  });
  if (process.stderr.isTTY) bar.start(total, 0);
  const result = await run((done) => bar.update(done));
  bar.stop();
  return result;
}

async function waitingFor<T>(text: string, result: Promise<T>): Promise<T> {
  const { stderr } = process;
  let isShown = false;
  const timer = startTimer(QUIET_MS, () => {
    isShown = true;
    stderr.write(stderr.isTTY ? text : `${text}\n`);
  });
  try {
    return await result;
  } finally {
    timer.cancel();
    if (isShown && stderr.isTTY) stderr.write(`\r${" ".repeat(text.length)}\r`);
  }
}

async function* keys(): AsyncGenerator<string> {
  const { stdin } = process;
  if (!stdin.isTTY) {
    await new Promise((resolve) => process.once("SIGINT", resolve));
    return;
  }
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  try {
    for await (const [, key] of on(stdin, "keypress")) {
      const { name, ctrl } = key as { name: string; ctrl: boolean };
      if (ctrl && name === "c") return;
      yield name;
    }
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
  }
}
