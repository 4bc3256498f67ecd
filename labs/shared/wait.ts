// The only module that sets timers. Node stores a delay in 31 bits: a timer of more than 24.9 days fires after 1 ms. ESLint
// forbids `setTimeout` and its like elsewhere in labs/ and scripts/.
/* eslint-disable no-restricted-globals */

const MAX_TIMER_MS = 2 ** 31 - 1;

/** A running timer. */
export interface Timer {
  /** Restarts the timer from now. It only reads the clock, so it is cheap enough to call for every message. */
  restart(): void;
  /** Cancels the timer; no effect if it has fired. */
  cancel(): void;
}

/**
 * Calls a function once, not before `durationMs` have passed. Any duration is allowed; with Infinity the function is never
 * called, and the timer keeps the process alive.
 *
 * @throws RangeError if the duration is not a number
 */
export function startTimer(durationMs: number, action: () => void): Timer {
  if (Number.isNaN(durationMs)) throw new RangeError("a timer's duration is NaN");
  let dueMs: number;
  let timer: NodeJS.Timeout | undefined;

  function arm(): void {
    const leftMs = Math.ceil(dueMs - performance.now());
    timer = setTimeout(check, Math.min(Math.max(leftMs, 0), MAX_TIMER_MS));
  }
  function check(): void {
    timer = undefined;
    if (performance.now() < dueMs) arm();
    else action();
  }
  function restart(): void {
    dueMs = performance.now() + durationMs;
    if (timer === undefined) arm();
  }
  restart();
  return {
    restart,
    cancel() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

/** Waits until the time has passed or the signal aborts (which is not an error). @returns whether the time has passed */
export function sleep(durationMs: number, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve(false);
    const timer = startTimer(durationMs, () => {
      signal?.removeEventListener("abort", stop);
      resolve(true);
    });
    function stop(): void {
      timer.cancel();
      resolve(false);
    }
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/**
 * Runs a function with a signal that aborts after `timeoutMs`, or when another signal aborts. The timer is cancelled when the
 * function ends; the timer of `AbortSignal.timeout` is not.
 */
export async function withTimeout<T>(
  timeoutMs: number,
  action: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  const over = new AbortController();
  const timer = startTimer(timeoutMs, () =>
    over.abort(new DOMException("no answer in time", "TimeoutError")),
  );
  const signal = outer === undefined ? over.signal : AbortSignal.any([over.signal, outer]);
  try {
    return await action(signal);
  } finally {
    timer.cancel();
  }
}

/** Waits until all promises are settled, at most `timeoutMs`. Never rejects. */
export async function settled(
  promises: readonly Promise<unknown>[],
  timeoutMs: number,
): Promise<void> {
  const over = new AbortController();
  await Promise.race([Promise.allSettled(promises), sleep(timeoutMs, over.signal)]);
  over.abort(); // cancels the timer
}
