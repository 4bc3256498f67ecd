import { raiseAlerts } from "../alert/alerts.js";
import type { AlertRule } from "../alert/rules.js";
import type { EventLog } from "../log/log.js";
import type { LatestRow } from "../store/products.js";
import type { Checkpoint } from "../stream/checkpoint.js";
import { latestPrices } from "../stream/latest.js";
import type { Operator } from "../stream/operator.js";
import { openQuery, type Query, type QuerySettings, type Sink } from "../stream/query.js";
import type { Semantics } from "../stream/semantics.js";
import type { WindowSpec } from "../stream/window.js";
import { aggregateByWindow } from "../stream/windows.js";

/** What the pipeline computes of prices. */
export interface PriceQuerySettings extends Omit<QuerySettings, "nextWatermark"> {
  windows: WindowSpec;
  /** The least |pct_change|, in percent, of a window that goes to `changes/`. */
  changeThreshold: number;
  /** By default the lab's own. */
  semantics?: Semantics;
  /** What to raise alerts for. */
  alertRules?: readonly AlertRule[];
}

/** The pipeline's query. */
export interface PriceQuery extends Query {
  openWindows(): number;
  /** The latest price of every asset, by name. */
  latest(): LatestRow[];
  /** All of `latest/` where the last batches have left it behind, to be written now; undefined where it is up to date. */
  takeLatest(): LatestRow[] | undefined;
}

/** The operators of the pipeline's query, in order. */
export function priceOperators(settings: PriceQuerySettings) {
  const { windows, changeThreshold, semantics, alertRules } = settings;
  const aggregated = aggregateByWindow(windows, changeThreshold, semantics);
  const latest = latestPrices();
  const operators: Operator[] = [aggregated, latest];
  if (alertRules !== undefined) operators.push(raiseAlerts(alertRules, latest));
  return { aggregated, latest, operators };
}

/** Opens the pipeline's query, as `openQuery` does. @throws LabError as `openQuery` */
export async function openPriceQuery(
  log: EventLog,
  checkpoint: Checkpoint,
  sink: Sink,
  settings: PriceQuerySettings,
): Promise<PriceQuery> {
  const { aggregated, latest, operators } = priceOperators(settings);
  const { delayMs, batchSize, clock, semantics } = settings;
  const query = await openQuery(log, checkpoint, sink, operators, {
    ...{ delayMs, batchSize, clock },
    nextWatermark: semantics?.nextWatermark,
  });
  return Object.assign(query, {
    openWindows: () => aggregated.openWindows(),
    latest: () => latest.rows(),
    takeLatest: () => latest.takeRows(),
  });
}
