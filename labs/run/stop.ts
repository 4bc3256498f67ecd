import type { Notify } from "../shared/notify.js";

const SAME_SIGNAL_MS = 500;

/** How a run is stopped: by Ctrl-C, SIGTERM, or its duration. */
export interface Stop {
  readonly signal: AbortSignal;
  abort(): void;
  /** Says what a run that is stopped still does first. Before this is called, Ctrl-C ends the process at once. */
  finishFirst(what: string): void;
}

/** Stops on the first Ctrl-C or SIGTERM, and ends the process on the second. */
export function stopOnSignals(notify: Notify): Stop {
  const stop = new AbortController();
  let stoppedMs = 0;
  let remaining: string | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      // npx and tsx may pass on a signal that the terminal has sent to this process too: that is one, not two.
      if (stop.signal.aborted && performance.now() - stoppedMs < SAME_SIGNAL_MS) return;
      if (stop.signal.aborted) process.exit(130);
      stoppedMs = performance.now();
      notify(
        remaining === undefined
          ? "stopped before the first batch"
          : `stopping: ${remaining} (press Ctrl-C again to stop now)`,
      );
      stop.abort();
      if (remaining === undefined) process.exit(130);
    });
  }
  return {
    signal: stop.signal,
    abort: () => stop.abort(),
    finishFirst: (what) => (remaining = what),
  };
}
