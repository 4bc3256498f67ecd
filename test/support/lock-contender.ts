import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { lockOutput } from "../../labs/run/output-folder.js";

// A process that locks an output folder when its parent asks, and writes while it holds the lock; used by lock.test.ts.

export interface Round {
  /** The output folder, and the file that all contenders append to. */
  folder: string;
  journal: string;
  holdMs: number;
  /** Whether the process is killed while it holds the lock. */
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
