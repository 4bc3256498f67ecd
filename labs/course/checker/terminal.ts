import { on } from "node:events";
import { emitKeypressEvents } from "node:readline";
import cliProgress from "cli-progress";
import { confirm } from "../../shared/confirm.js";
import { painter, type Paint } from "./verdict.js";

/** Where the checker talks to a learner. */
export interface Terminal {
  print(text: string): void;
  paint: Paint;
  /** Asks a yes-or-no question. @throws UsageError if nobody can answer */
  confirm(question: string): Promise<boolean>;
  /** Shows a progress bar while something runs that calls back with how many steps are done. */
  withBar<T>(total: number, run: (onStep: (done: number) => void) => Promise<T>): Promise<T>;
  /** Keys as they are pressed. Without a terminal there are none, until Ctrl-C. */
  keys(): AsyncIterable<string>;
}

/** The terminal of this process. @param yes answer all questions with yes */
export function processTerminal(yes: boolean): Terminal {
  return {
    print: (text) => console.log(text),
    paint: painter(process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined),
    confirm: (question) => (yes ? Promise.resolve(true) : confirm(question)),
    withBar,
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
