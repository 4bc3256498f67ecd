import type { Message } from "../event.js";
import { numberFrom, type OptionSpec } from "../shared/option.js";
import { sleep } from "../shared/wait.js";

/**
 * Replays recorded messages at a multiple of the speed at which they arrived: at speed 60, messages that arrived a minute
 * apart are yielded a second apart.
 */
export async function* pace(
  messages: AsyncIterable<Message>,
  speed: number,
  signal: AbortSignal,
): AsyncGenerator<Message> {
  let begin: { playedMs: number; recordedMs: number } | undefined;
  for await (const message of messages) {
    begin ??= { playedMs: performance.now(), recordedMs: message.timestampMs };
    const dueMs = begin.playedMs + (message.timestampMs - begin.recordedMs) / speed;
    const waitMs = dueMs - performance.now();
    if (waitMs > 1 && !(await sleep(waitMs, signal))) return;
    yield message;
  }
}

export const SPEED: OptionSpec = {
  flags: "--speed <x>",
  help: "run at x times real time (default: as fast as possible)",
  parse: numberFrom(0, true),
};
