/** What one output shows, by MIME type: a viewer takes the richest that it knows. */
export type Bundle = Record<string, unknown>;

/** What the lab's kernel gives (`setup/jupyter/kernels/lab/kernel.cjs`). */
interface Kernel {
  controller: AbortController;
  /** Shows a bundle; one with the id of an earlier one takes its place. */
  display(bundle: Bundle, id?: string): void;
  showValue?: (value: unknown) => boolean;
}

export const kernel = (globalThis as Record<symbol, unknown>)[Symbol.for("lab.kernel")] as
  Kernel | undefined;

/** Shows a bundle; outside of the lab's kernel its text is printed. */
export function display(bundle: Bundle, id?: string): void {
  if (kernel === undefined) console.log(bundle["text/plain"]);
  else kernel.display(bundle, id);
}

/**
 * A signal that the notebook's Interrupt aborts: hand it to what runs for long. Take it before the loop, in the same
 * cell; after an interrupt there is a new one. Outside of the lab's kernel nothing aborts it.
 */
export function interruptSignal(): AbortSignal {
  return kernel?.controller.signal ?? new AbortController().signal;
}

let displays = 0;
/** Names a place in the output that later displays replace. */
export const newDisplayId = () => `lab-${process.pid}-${displays++}`;

/** How often a display is drawn again at most. */
export const REDRAW_MS = 100;
