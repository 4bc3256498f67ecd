import type { PriceEvent } from "../event.js";
import type { LogRecord } from "../log/log.js";
import type { BatchOutput } from "../store/products.js";
import type { Totals } from "./totals.js";

/** The end of a micro-batch. Times are milliseconds since the epoch. */
export interface BatchEnd {
  /** W(N): what ends by it is final. Null before there is a watermark. */
  watermarkMs: number | null;
  /** When the batch was planned, if it has read all that had arrived; undefined where only the events tell the time. */
  plannedMs?: number;
}

/** The assets as one operator sees them: with its own state of each. */
export interface AssetStates<State> {
  readonly size: number;
  /** How many the batch has changed so far. */
  readonly changed: number;
  /** Of an asset that has had an event. */
  stateOf(asset: string): State;
  all(): Iterable<State>;
  /** Notes that the checkpoint no longer has an asset as it is. An event of the asset does so by itself. */
  markChanged(asset: string): void;
}

/**
 * Where the state of an asset has many parts of which a batch changes few, such as panes, the checkpoint gets the parts
 * that have changed and not the whole.
 */
export interface Parts<State, Saved, Part> {
  /** How many parts all assets have together. */
  count(): number;
  /** Takes the parts that have changed since the last call. */
  takeChanged(state: State): Part[];
  /** Of some parts those that the state still has, in order. */
  present(state: State, parts: readonly Part[]): Part[];
  save(parts: readonly Part[]): Saved;
  /** Adds parts from an earlier file to those of later ones, which win. */
  merge(earlier: Saved, later: Saved): Saved;
}

/**
 * A stateful operator of a query, such as an aggregation by windows. For each micro-batch the query adds every valid
 * event of it, then ends the batch. What an operator must remember it keeps by asset, so that the checkpoint has it and a
 * batch that is run again after a crash gives the same rows.
 *
 * Spark's counterpart is a stateful operator with its state store, keyed by the asset
 * (`StateStoreWriter`; for one's own: `flatMapGroupsWithState`).
 */
export interface Operator<State = unknown, Saved = unknown, Part = unknown> {
  /** The name of its state in the checkpoint. */
  readonly name: string;
  /** Begins a query. @param watermarkMs that of the last committed batch; null where there is none */
  open(assets: AssetStates<State>, watermarkMs: number | null): void;
  /** The state of a new asset. Its first event is added next. */
  newState(event: PriceEvent, record: LogRecord, partition: number): State;
  /** Adds an event, in the order of its partition. */
  add(state: State, event: PriceEvent, record: LogRecord, partition: number): void;
  /**
   * Ends a batch: puts into the output what is final now. Operators do so in the order of the query, so one may take up
   * what another has put out.
   *
   * @returns what to add to the query's totals
   */
  endBatch(end: BatchEnd, output: BatchOutput): Partial<Totals>;
  /** When it would put something out although no event comes; Infinity where nothing is due. */
  dueMs?(): number;
  /** The state of an asset as JSON, for the checkpoint. */
  save(state: State): Saved;
  restore(asset: string, saved: Saved): State;
  parts?: Parts<State, Saved, Part>;
}
