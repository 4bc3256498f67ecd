import type { Message, Value } from "../event.js";
import { numberFrom, type OptionSpec } from "../shared/option.js";
import { sleep } from "../shared/wait.js";

/**
 * Replays recorded messages at a multiple of the speed at which they arrived: at speed 60, messages that arrived a minute
 * apart are yielded a second apart.
 */
export async function* pace<V extends Value>(
  messages: AsyncIterable<readonly Message<V>[]>,
  speed: number,
  signal: AbortSignal,
): AsyncGenerator<Message<V>[]> {
  let begin: { playedMs: number; recordedMs: number } | undefined;
  for await (const piece of messages) {
    let due: Message<V>[] = [];
    for (const message of piece) {
      begin ??= { playedMs: performance.now(), recordedMs: message.timestampMs };
      const dueMs = begin.playedMs + (message.timestampMs - begin.recordedMs) / speed;
      if (dueMs - performance.now() > 1) {
        if (due.length > 0) yield due;
        due = [];
        if (!(await sleep(Math.max(0, dueMs - performance.now()), signal))) return;
      }
      due.push(message);
    }
    if (due.length > 0) yield due;
  }
}

export const SPEED: OptionSpec = {
  flags: "--speed <x>",
  help: "run at x times real time (default: as fast as possible); a batch still waits for --batch events",
  parse: numberFrom(0, true),
};
