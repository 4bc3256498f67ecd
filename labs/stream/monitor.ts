import type { PriceEvent } from "../event.js";
import type { LogRecord } from "../log/log.js";
import type { AlertRow, WindowRow } from "../store/products.js";
import type { AssetState, State } from "./state.js";

/**
 * Watches the stream beside the windows. All that it must remember it keeps in `AssetState.monitored`, as JSON: so it is in the
 * checkpoint with the rest of the state, and a batch that is run again after a crash raises the same alerts. Where it changes
 * that of an asset without an event of it, it says so by `markChanged`.
 */
export interface Monitor {
  /** Begins with a state: an empty one, or that of a checkpoint. */
  restore(state: State): void;
  /**
   * Takes a valid event, in the order of its partition, once the state has it.
   *
   * @param record where the event stands in the log, and when it arrived
   */
  takeEvent(state: AssetState, event: PriceEvent, partition: number, record: LogRecord): void;
  /**
   * Ends a batch.
   *
   * @param windows those that the batch emits
   * @param nowMs when the batch was planned, if it has read all that had arrived; undefined where only the events tell the time
   * @returns what the batch raises
   */
  endBatch(state: State, windows: readonly WindowRow[], nowMs?: number): AlertRow[];
  /** When something would be raised that no event brings about: milliseconds since the epoch, Infinity where nothing is. */
  dueMs(): number;
}
