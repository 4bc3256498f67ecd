import type { PriceEvent } from "../event.js";
import type { LogRecord } from "../log/log.js";
import type { BatchOutput } from "../store/products.js";
import type { Totals } from "./totals.js";

/** The end of a micro-batch. Times are milliseconds since the epoch. */
export interface BatchEnd {
  /** W(N): what ends at or before it is final. Null before there is a watermark. */
  watermarkMs: number | null;
  /** When the batch was planned, if it has read everything that had arrived; undefined if time advances only with events. */
  plannedMs?: number;
}

/** All assets, each with the state that one operator keeps for it. */
export interface AssetStates<State> {
  readonly size: number;
  /** How many assets the current batch has changed so far. */
  readonly changed: number;
  /** The state of an asset, which must have had an event. */
  stateOf(asset: string): State;
  all(): Iterable<State>;
  /** Marks an asset as changed since the last checkpoint. Adding an event does so automatically. */
  markChanged(asset: string): void;
}

/**
 * Implemented by operators whose state per asset has many parts, such as panes, of which a batch changes only a few. The
 * checkpoint then stores only the changed parts.
 */
export interface Parts<State, Saved, Part> {
  /** The number of parts of all assets together. */
  count(): number;
  /** Returns the parts that have changed since the last call. */
  takeChanged(state: State): Part[];
  /** Those of the given parts that the state still has, in order. */
  present(state: State, parts: readonly Part[]): Part[];
  save(parts: readonly Part[]): Saved;
  /** Merges the parts of an earlier file with those of later files, which take precedence. */
  merge(earlier: Saved, later: Saved): Saved;
}

/**
 * A stateful operator of a query, such as an aggregation by windows. In each micro-batch, the query adds all valid events
 * and then ends the batch. An operator keeps its state by asset; the checkpoint stores that state, so a batch that is run
 * again after a crash gives the same rows.
 *
 * Spark's counterpart is a stateful operator with a state store, keyed by asset (`StateStoreWriter`; user code:
 * `flatMapGroupsWithState`).
 */
export interface Operator<State = unknown, Saved = unknown, Part = unknown> {
  /** The name of its state in the checkpoint. */
  readonly name: string;
  /** Called when the query opens. @param watermarkMs the watermark of the last committed batch; null if there is none */
  open(assets: AssetStates<State>, watermarkMs: number | null): void;
  /** Creates the state of a new asset. `add` is called next with the same event. */
  newState(event: PriceEvent, record: LogRecord, partition: number): State;
  /** Adds an event; events of a partition come in offset order. */
  add(state: State, event: PriceEvent, record: LogRecord, partition: number): void;
  /**
   * Ends a batch: adds to the output what is now final. Operators are called in the query's order, so one may use the
   * output of those before it.
   *
   * @returns what to add to the query's totals
   */
  endBatch(end: BatchEnd, output: BatchOutput): Partial<Totals>;
  /** The time at which it has output even if no event arrives; Infinity if nothing is due. */
  dueMs?(): number;
  /** The state of an asset as JSON, for the checkpoint. */
  save(state: State): Saved;
  restore(asset: string, saved: Saved): State;
  parts?: Parts<State, Saved, Part>;
}
