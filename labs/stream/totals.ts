import type { Product } from "../store/products.js";

/** A sum over all batches since the query began, across restarts. */
export interface TotalSpec {
  /** As people read it. */
  label: string;
  help: string;
  /** Of rows of a product: which. Spark's side counts those in the product itself. */
  product?: Product;
  /** Whether it counts records, what was made of them, or the query's work. */
  of: "records" | "results" | "work";
  /** False where Spark does not count it. */
  onSpark?: false;
  /** Shown only where there is something to count. */
  isOptional?: true;
}

/**
 * The totals of a query, each once: what counts them and what shows them (summary, report, live page, metrics) goes by this
 * table. What is not a number of rows an operator counts (`Operator.endBatch`).
 */
export const TOTALS = {
  events: { label: "events", help: "Valid events", product: "prices", of: "records" },
  rejected: {
    label: "rejected",
    help: "Records that are not valid events",
    product: "rejected",
    of: "records",
  },
  lateEvents: {
    label: "late events",
    help: "Events that came too late for at least one of their windows",
    of: "records",
    onSpark: false,
  },
  droppedRows: {
    label: "window rows dropped",
    help: "(asset, window) pairs that late events were dropped from, counted once a batch: Spark's numRowsDroppedByWatermark",
    of: "records",
  },
  windows: { label: "windows written", help: "Windows written", product: "windows", of: "results" },
  changes: {
    label: "changes",
    help: "Windows whose change reached the threshold",
    product: "changes",
    of: "results",
  },
  alerts: {
    label: "alerts",
    help: "Alerts raised",
    product: "alerts",
    of: "results",
    isOptional: true,
  },
  batches: { label: "batches", help: "Micro-batches", of: "work" },
} as const satisfies Record<string, TotalSpec>;

export type Total = keyof typeof TOTALS;
export type Totals = Record<Total, number>;
/** Totals of either engine: null for what Spark does not count. */
export type KnownTotals = {
  [Name in Total]: (typeof TOTALS)[Name] extends { onSpark: false } ? number | null : number;
};

export const TOTAL_NAMES = Object.keys(TOTALS) as Total[];

/** Totals by their names. */
export function totalsBy<Value>(valueOf: (name: Total) => Value): Record<Total, Value> {
  return Object.fromEntries(TOTAL_NAMES.map((name) => [name, valueOf(name)])) as Record<
    Total,
    Value
  >;
}
