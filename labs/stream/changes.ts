import type { Operator } from "./operator.js";
import type { AssetState, SavedAsset, State } from "./state.js";

/** Assets that have changed since some batch. For each operator whose state has parts, which of them have. */
export type Changes = Map<AssetState, ChangedParts>;
/** A place for each operator. */
type ChangedParts = (unknown[] | undefined)[];

/** Takes what has changed since the last call. */
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

/** Without the parts that are gone. */
const presentParts = (
  operators: readonly Operator[],
  { states }: AssetState,
  parts: ChangedParts,
): ChangedParts =>
  operators.map((operator, index) => operator.parts?.present(states[index], parts[index]!));

/** How many entries a file of them has: a first line, the assets and the parts. */
export function sizeOfChanges(changes: Changes): number {
  let size = 1 + changes.size;
  for (const parts of changes.values()) for (const own of parts) size += own?.length ?? 0;
  return size;
}

/** The same for a file of the whole state. */
export function sizeOfState({ assets, operators }: State): number {
  let size = 1 + assets.size;
  for (const { parts } of operators) size += parts?.count() ?? 0;
  return size;
}

/** What has changed, as the checkpoint has it. */
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

/** The whole state, as the checkpoint has it. */
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

/** Adds an asset from an earlier file to what later ones say of it: they win. */
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
