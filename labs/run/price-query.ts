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

export interface PriceQuerySettings extends Omit<QuerySettings, "nextWatermark"> {
  windows: WindowSpec;
  /** Windows with at least this |pct_change|, in percent, also go to `changes/`. */
  changeThreshold: number;
  semantics?: Semantics;
  alertRules?: readonly AlertRule[];
}

export interface PriceQuery extends Query {
  openWindows(): number;
  /** The latest price of each asset, sorted by name. */
  latest(): LatestRow[];
  /** The rows of `latest/`, to be written now; undefined if it is up to date. */
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

/** Opens the pipeline's query. @throws LabError as `openQuery` does */
export async function openPriceQuery(
  log: EventLog,
  checkpoint: Checkpoint,
  sink: Sink,
  settings: PriceQuerySettings,
): Promise<PriceQuery> {
  const { aggregated, latest, operators } = priceOperators(settings);
  const { delayMs, batchSize, decoder, clock, semantics } = settings;
  const query = await openQuery(log, checkpoint, sink, operators, {
    delayMs,
    batchSize,
    decoder,
    clock,
    nextWatermark: semantics?.nextWatermark,
  });
  return Object.assign(query, {
    openWindows: () => aggregated.openWindows(),
    latest: () => latest.rows(),
    takeLatest: () => latest.takeRows(),
  });
}
