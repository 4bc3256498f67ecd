import { sleep } from "../../shared/wait.js";
import { REDRAW_MS, display, interruptSignal, newDisplayId } from "./kernel.js";
import { bundleOf, type Showable } from "./show.js";

const POLL_MS = 20;

/** Polls a condition until it is true, or until Interrupt. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const signal = interruptSignal();
  while (!signal.aborted && !(await condition())) await sleep(POLL_MS);
}

/**
 * Shows a plot or a table that updates in place while a stream runs. Interrupt aborts the signal passed to `work`; the last
 * content stays.
 *
 * @param work may call `show` as often as it likes: updates that are too frequent are skipped, but never the last one
 */
export async function live(
  work: (show: (content: Showable) => void, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const id = newDisplayId();
  const signal = interruptSignal();
  let waiting: Showable | undefined;
  let ended = false;
  const drawing = (async () => {
    while (!ended) {
      draw();
      await sleep(REDRAW_MS);
    }
  })();
  function draw(): void {
    if (waiting === undefined) return;
    display(bundleOf(waiting), id);
    waiting = undefined;
  }
  try {
    await work((content) => (waiting = content), signal);
  } finally {
    ended = true;
    await drawing;
    draw();
  }
}
