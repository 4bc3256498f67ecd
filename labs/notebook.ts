// What cells of the notebooks use.

interface Interrupt {
  controller: AbortController;
}

/**
 * A signal that the notebook's Interrupt aborts: hand it to what runs for long. Take it before the loop, in the same
 * cell; after an interrupt there is a new one. Outside of the lab's kernel nothing aborts it.
 */
export function interruptSignal(): AbortSignal {
  const shared = (globalThis as Record<symbol, unknown>)[Symbol.for("lab.interrupt")];
  return (shared as Interrupt | undefined)?.controller.signal ?? new AbortController().signal;
}
