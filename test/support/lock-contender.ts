import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { lockOutput } from "../../labs/run/output-folder.js";

// A process that takes an output folder whenever its parent says so, and writes when it is in: for lock.test.ts.

export interface Round {
  /** The output folder, and the file that all contenders append to. */
  folder: string;
  journal: string;
  holdMs: number;
  /** Whether it is killed while it has the folder. */
  dies: boolean;
}

process.on("message", (round: Round) => {
  void (async () => {
    const write = (word: string) => appendFileSync(round.journal, `${word} ${process.pid}\n`);
    const unlock = await lockOutput(round.folder, () => {});
    write("enter");
    await sleep(round.holdMs);
    write("leave");
    if (round.dies) process.kill(process.pid, "SIGKILL");
    await unlock();
    process.send!("done");
  })();
});
process.send!("ready");
