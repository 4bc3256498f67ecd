import type { Pane } from "./rolling.js";
import type { AssetState, SavedAsset, State } from "./state.js";

/** Assets that have changed since some batch, and of each the panes that have. */
export type Changes = Map<AssetState, Pane[]>;

/** Takes what has changed since the last call. */
export function takeChanges(state: State): Changes {
  const changes: Changes = new Map();
  for (const assetState of state.changed) {
    const panes = assetState.changedPanes ?? [];
    for (const pane of panes) pane.isChanged = false;
    changes.set(assetState, panes);
    assetState.changedPanes = undefined;
    assetState.isChanged = false;
  }
  state.changed = [];
  return changes;
}

/** Adds later changes to earlier ones. */
export function addChanges(earlier: Changes, later: Changes): void {
  for (const [assetState, panes] of later) {
    const before = earlier.get(assetState);
    earlier.set(assetState, before === undefined ? panes : [...new Set([...before, ...panes])]);
  }
  for (const [assetState, panes] of earlier) earlier.set(assetState, openPanes(assetState, panes));
}

/** Without the panes that have been evicted: those stood before all that are left. */
function openPanes({ panes }: AssetState, some: readonly Pane[]): Pane[] {
  const firstMs = panes[0]?.startMs ?? Infinity;
  return some.filter(({ startMs }) => startMs >= firstMs);
}

/** How many entries a file of them has: a first line, the assets and the panes. */
export function sizeOfChanges(changes: Changes): number {
  let size = 1 + changes.size;
  for (const panes of changes.values()) size += panes.length;
  return size;
}

/** The same for a file of the whole state. */
export const sizeOfState = ({ assets, panes }: State) => 1 + assets.size + panes;

/** What has changed, as the checkpoint has it. */
export function* savedChanges(changes: Changes): Generator<[string, SavedAsset]> {
  for (const [assetState, panes] of changes) {
    // By start: late events change panes in another order.
    const open = openPanes(assetState, panes).sort((a, b) => a.startMs - b.startMs);
    yield saved(assetState, open);
  }
}

/** The whole state, as the checkpoint has it. */
export function* savedState({ assets }: State): Generator<[string, SavedAsset]> {
  for (const assetState of assets.values()) yield saved(assetState, assetState.panes);
}

function saved({ asset, latest, monitored }: AssetState, panes: Pane[]): [string, SavedAsset] {
  const savedPanes = panes.map(({ startMs, aggregate, prices }) => ({
    startMs,
    aggregate,
    prices,
  }));
  return [asset, { panes: savedPanes, latest, monitored }];
}

/** Adds an asset from an earlier file to what later ones say of it: they win. */
export function addEarlier(
  assets: Map<string, SavedAsset>,
  asset: string,
  earlier: SavedAsset,
): void {
  const later = assets.get(asset);
  if (later === undefined) assets.set(asset, earlier);
  else later.panes = mergePanes(earlier.panes, later.panes);
}

/** Both by start. A pane that is in both is taken from the later ones. */
function mergePanes(earlier: SavedAsset["panes"], later: SavedAsset["panes"]): SavedAsset["panes"] {
  const merged: SavedAsset["panes"] = [];
  let index = 0;
  for (const pane of later) {
    while (index < earlier.length && earlier[index]!.startMs < pane.startMs) {
      merged.push(earlier[index++]!);
    }
    if (earlier[index]?.startMs === pane.startMs) index++;
    merged.push(pane);
  }
  while (index < earlier.length) merged.push(earlier[index++]!);
  return merged;
}
