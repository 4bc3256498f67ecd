// The one place that sets timers. Node keeps a timer's delay in 31 bits: a longer one (24.9 days) fires after 1 ms.
// ESLint forbids the raw ones in labs/ and scripts/.
/* eslint-disable no-restricted-globals */

const MAX_TIMER_MS = 2 ** 31 - 1;

/** A timer that has been started. */
export interface Timer {
  /** Starts again from now. Costs a look at the clock, so it may be called for every message. */
  restart(): void;
  /** Ends it; without effect on a timer that has fired. */
  cancel(): void;
}

/**
 * Calls a function once, no sooner than `durationMs` from now, however long that is. With Infinity it never does, and
 * keeps the process alive.
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

/** Waits, or stops waiting when the signal aborts, which is no error. @returns whether the time has passed */
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
 * Runs a function with a signal that aborts when the time is over, or when another signal does. The timer ends with the
 * function, which that of `AbortSignal.timeout` does not.
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
