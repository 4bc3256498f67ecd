import { startTimer } from "../shared/wait.js";

/**
 * Groups the messages of a source into chunks. A chunk is yielded when it is full, when `lingerMs` have passed since it was
 * started (it may then be empty), or when the messages end. If the source fails, the messages that it gave before are
 * yielded first.
 *
 * @param wanted called when a chunk is started: how many messages it may hold
 */
export async function* chunks<M>(
  messages: AsyncIterable<readonly M[]>,
  wanted: () => number,
  lingerMs: number,
): AsyncGenerator<M[]> {
  const iterator = messages[Symbol.asyncIterator]();
  let piece: readonly M[] = [];
  let taken = 0;
  /** What the source has answered; undefined while it is being asked. */
  let answer: IteratorResult<readonly M[]> | { error: unknown } | undefined;
  let wake = () => {};
  // One handler per answer. `Promise.race` would add one per chunk to the same promise while a source is silent.
  function ask(): void {
    answer = undefined;
    iterator.next().then(
      (result) => {
        answer = result;
        wake();
      },
      (error: unknown) => {
        answer = { error };
        wake();
      },
    );
  }

  ask();
  try {
    for (;;) {
      const limit = wanted();
      const chunk: M[] = [];
      let isLate = false;
      const timer = startTimer(lingerMs, () => {
        isLate = true;
        wake();
      });
      try {
        while (chunk.length < limit) {
          const end = Math.min(piece.length, taken + limit - chunk.length);
          while (taken < end) chunk.push(piece[taken++]!);
          if (taken < piece.length) break;
          if (answer === undefined) {
            if (isLate) break;
            await new Promise<void>((resolve) => (wake = resolve));
            continue;
          }
          if ("error" in answer || answer.done === true) {
            if (chunk.length > 0) yield chunk;
            if ("error" in answer) throw answer.error;
            return;
          }
          piece = answer.value;
          taken = 0;
          ask();
        }
      } finally {
        timer.cancel();
      }
      yield chunk;
    }
  } finally {
    await iterator.return?.();
  }
}
