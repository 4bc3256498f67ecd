import type { PriceEvent } from "../event.js";
import type { LogRecord } from "../log/log.js";
import { LabError } from "../shared/errors.js";
import type { AssetStates, Operator } from "./operator.js";

/** The state of one asset. */
export interface AssetState {
  asset: string;
  /** The state that each operator keeps for it, in the order of the operators. */
  states: unknown[];
  /** Whether it has changed since the last checkpoint. */
  isChanged: boolean;
}

/**
 * The state of a query. The cost of a batch is bounded by its events and by what becomes final: no batch visits all assets,
 * or all parts of one.
 */
export interface State {
  operators: readonly Operator[];
  assets: Map<string, AssetState>;
  /** The assets that have changed since the last checkpoint. */
  changed: AssetState[];
}

/** An asset in the checkpoint's format: the saved state of each operator, by the operator's name. */
export type SavedAsset = Record<string, unknown>;

/**
 * Restores the state from a checkpoint, or creates an empty one.
 *
 * @param watermarkMs the watermark of the last committed batch
 * @throws LabError if the checkpoint was created by a query without one of the operators
 */
export function openState(
  operators: readonly Operator[],
  saved: Iterable<[string, SavedAsset]>,
  watermarkMs: number | null,
): State {
  const state: State = { operators, assets: new Map(), changed: [] };
  for (const [index, operator] of operators.entries()) {
    operator.open(statesOf(state, index), watermarkMs);
  }
  for (const [asset, byName] of saved) {
    const states = operators.map((operator) => {
      if (Object.hasOwn(byName, operator.name))
        return operator.restore(asset, byName[operator.name]);
      throw new LabError(
        `the checkpoint has no state of the operator ${operator.name}: it was created by another query; start over with --fresh, or choose another --out`,
      );
    });
    state.assets.set(asset, { asset, states, isChanged: false });
  }
  return state;
}

function statesOf(state: State, index: number): AssetStates<unknown> {
  const { assets } = state;
  return {
    get size() {
      return assets.size;
    },
    get changed() {
      return state.changed.length;
    },
    stateOf: (asset) => assets.get(asset)!.states[index],
    *all() {
      for (const { states } of assets.values()) yield states[index];
    },
    markChanged: (asset) => markChanged(state, assets.get(asset)!),
  };
}

/** Marks an asset as changed since the last checkpoint. */
function markChanged(state: State, assetState: AssetState): void {
  if (assetState.isChanged) return;
  assetState.isChanged = true;
  state.changed.push(assetState);
}

/** A string of its own: one that was cut from a longer text keeps all of that text in memory, such as 64 kB of a tape. */
const copyOf = (text: string) => Buffer.from(text).toString();

/** Adds an event to the state of each operator. @returns the state of its asset */
export function addEvent(
  state: State,
  event: PriceEvent,
  record: LogRecord,
  partition: number,
): AssetState {
  const { operators, assets } = state;
  const { asset } = event;
  let assetState = assets.get(asset);
  if (assetState === undefined) {
    const own = { ...event, asset: copyOf(asset) };
    const states = operators.map((operator) => operator.newState(own, record, partition));
    assetState = { asset: own.asset, states, isChanged: false };
    assets.set(own.asset, assetState);
  }
  if (!assetState.isChanged) markChanged(state, assetState);
  const { states } = assetState;
  for (let index = 0; index < operators.length; index++) {
    operators[index]!.add(states[index], event, record, partition);
  }
  return assetState;
}
