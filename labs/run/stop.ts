import type { Notify } from "../shared/notify.js";

/** A second signal within this time is the same Ctrl-C. */
const SAME_SIGNAL_MS = 500;

export type Stop = ReturnType<typeof stopOnSignals>;

/** Stops a run on the first Ctrl-C or SIGTERM, and exits on the second. */
export function stopOnSignals(notify: Notify) {
  const stop = new AbortController();
  const byUser = new AbortController();
  let stoppedMs = 0;
  let remaining: string | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      // One Ctrl-C may arrive twice: from the terminal, and forwarded by npx or tsx.
      if (byUser.signal.aborted && performance.now() - stoppedMs < SAME_SIGNAL_MS) return;
      if (byUser.signal.aborted) process.exit(130);
      stoppedMs = performance.now();
      notify(
        remaining === undefined
          ? "stopped before the first batch"
          : `stopping: ${remaining} (press Ctrl-C again to stop now)`,
      );
      byUser.abort();
      stop.abort();
      if (remaining === undefined) process.exit(130);
    });
  }
  return {
    /** Aborts when the run is to stop, for any reason. */
    signal: stop.signal,
    /** Aborts on Ctrl-C or SIGTERM only. */
    userSignal: byUser.signal,
    abort: () => stop.abort(),
    /** Sets what a stopped run finishes before it exits. Until this is called, Ctrl-C ends the process at once. */
    finishFirst: (what: string) => void (remaining = what),
  };
}
