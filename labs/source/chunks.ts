import type { Message } from "../event.js";
import { startTimer, type Timer } from "../shared/wait.js";

/**
 * Groups the messages of a source into chunks. A chunk is yielded when it is full, when `lingerMs` have passed since it was started (it may
 * then be empty), or when the messages end.
 *
 * @param wanted called when a chunk is started: how many messages it may hold
 */
export async function* chunks(
  messages: AsyncIterable<readonly Message[]>,
  wanted: () => number,
  lingerMs: number,
): AsyncGenerator<Message[]> {
  const iterator = messages[Symbol.asyncIterator]();
  const late = Symbol("late");
  let next = iterator.next();
  let piece: readonly Message[] = [];
  let taken = 0;
  try {
    for (;;) {
      const limit = wanted();
      const chunk: Message[] = [];
      let timer: Timer | undefined;
      const timeout = new Promise<typeof late>((resolve) => {
        timer = startTimer(lingerMs, () => resolve(late));
      });
      try {
        while (chunk.length < limit) {
          if (taken === piece.length) {
            const result = await Promise.race([next, timeout]);
            if (result === late) break;
            if (result.done === true) {
              if (chunk.length > 0) yield chunk;
              return;
            }
            piece = result.value;
            taken = 0;
            next = iterator.next();
          }
          const end = Math.min(piece.length, taken + limit - chunk.length);
          while (taken < end) chunk.push(piece[taken++]!);
        }
      } finally {
        timer?.cancel();
      }
      yield chunk;
    }
  } finally {
    next.catch(() => {}); // a reader that stops early ignores an error of the message it did not read
    await iterator.return?.();
  }
}
