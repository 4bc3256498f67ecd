import type { Operator } from "./operator.js";
import type { AssetState, SavedAsset, State } from "./state.js";

/** The assets that have changed since a batch and, for each operator whose state has parts, the changed parts. */
export type Changes = Map<AssetState, ChangedParts>;
/** One entry per operator; undefined if its state has no parts. */
type ChangedParts = (unknown[] | undefined)[];

/** Returns what has changed since the last call. */
export function takeChanges(state: State): Changes {
  const changes: Changes = new Map();
  for (const assetState of state.changed) {
    const { states } = assetState;
    const parts = state.operators.map((operator, index) =>
      operator.parts?.takeChanged(states[index]),
    );
    changes.set(assetState, parts);
    assetState.isChanged = false;
  }
  state.changed = [];
  return changes;
}

/** Adds later changes to earlier ones. */
export function addChanges({ operators }: State, earlier: Changes, later: Changes): void {
  for (const [assetState, parts] of later) {
    const before = earlier.get(assetState);
    earlier.set(
      assetState,
      before === undefined
        ? parts
        : parts.map((own, index) => own && [...new Set([...before[index]!, ...own])]),
    );
  }
  for (const [assetState, parts] of earlier) {
    earlier.set(assetState, presentParts(operators, assetState, parts));
  }
}

/** The changed parts, without those that the state no longer has. */
const presentParts = (
  operators: readonly Operator[],
  { states }: AssetState,
  parts: ChangedParts,
): ChangedParts =>
  operators.map((operator, index) => operator.parts?.present(states[index], parts[index]!));

/** How many entries a file of these changes has: one for its first line, and one per asset and per part. */
export function sizeOfChanges(changes: Changes): number {
  let size = 1 + changes.size;
  for (const parts of changes.values()) for (const own of parts) size += own?.length ?? 0;
  return size;
}

/** How many entries a file of the whole state has. */
export function sizeOfState({ assets, operators }: State): number {
  let size = 1 + assets.size;
  for (const { parts } of operators) size += parts?.count() ?? 0;
  return size;
}

/** The changes, in the checkpoint's format. */
export function* savedChanges(
  { operators }: State,
  changes: Changes,
): Generator<[string, SavedAsset]> {
  for (const [assetState, parts] of changes) {
    const present = presentParts(operators, assetState, parts);
    yield [
      assetState.asset,
      savedBy(operators, (operator, index) =>
        operator.parts === undefined
          ? operator.save(assetState.states[index])
          : operator.parts.save(present[index]!),
      ),
    ];
  }
}

/** The whole state, in the checkpoint's format. */
export function* savedState({ assets, operators }: State): Generator<[string, SavedAsset]> {
  for (const { asset, states } of assets.values()) {
    yield [asset, savedBy(operators, (operator, index) => operator.save(states[index]))];
  }
}

const savedBy = (
  operators: readonly Operator[],
  save: (operator: Operator, index: number) => unknown,
): SavedAsset =>
  Object.fromEntries(operators.map((operator, index) => [operator.name, save(operator, index)]));

/** Merges an asset from an earlier file into `assets`, which come from later files and take precedence. */
export function addEarlier(
  operators: readonly Operator[],
  assets: Map<string, SavedAsset>,
  asset: string,
  earlier: SavedAsset,
): void {
  const later = assets.get(asset);
  if (later === undefined) {
    assets.set(asset, earlier);
    return;
  }
  for (const { name, parts } of operators) {
    if (parts !== undefined) later[name] = parts.merge(earlier[name], later[name]);
  }
}
