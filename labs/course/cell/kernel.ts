/** One output in several formats, by MIME type. A viewer shows the richest format that it supports. */
export type Bundle = Record<string, unknown>;

/** The interface of the lab's kernel (`setup/jupyter/kernels/lab/kernel.cjs`). */
interface Kernel {
  controller: AbortController;
  /** Shows a bundle. If an earlier one has the same id, the new one replaces it. */
  display(bundle: Bundle, id?: string): void;
  showValue?: (value: unknown) => boolean;
}

export const kernel = (globalThis as Record<symbol, unknown>)[Symbol.for("lab.kernel")] as
  Kernel | undefined;

/** Shows a bundle; outside the lab's kernel, prints its text. */
export function display(bundle: Bundle, id?: string): void {
  if (kernel === undefined) console.log(bundle["text/plain"]);
  else kernel.display(bundle, id);
}

/**
 * A signal that aborts on the notebook's Interrupt; pass it to long-running functions. Get it before the loop, in the same
 * cell: after an interrupt there is a new signal. Outside the lab's kernel it never aborts.
 */
export function interruptSignal(): AbortSignal {
  return kernel?.controller.signal ?? new AbortController().signal;
}

let displays = 0;
/** A new id for a display that later displays replace. */
export const newDisplayId = () => `lab-${process.pid}-${displays++}`;

/** The minimum interval between two updates of a display. */
export const REDRAW_MS = 100;
