import type { Product } from "../store/products.js";

/** A total over all batches since the query began, across restarts. */
export interface TotalSpec {
  /** Its name in summary and report. */
  label: string;
  help: string;
  /** The product whose rows it counts, if any. On Spark, those rows are counted in the product itself. */
  product?: Product;
  /** Whether it counts input records, results, or the query's work. */
  of: "records" | "results" | "work";
  /** False where Spark does not count it. */
  onSpark?: false;
  /** Shown only if it is not 0. */
  isOptional?: true;
}

/**
 * The one list of a query's totals: the code that counts them and the code that shows them (summary, report, live page,
 * metrics) use this table. Operators report what they add to a total (`Operator.endBatch`).
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
    help: "Events that arrived too late for at least one of their windows",
    of: "records",
    onSpark: false,
  },
  droppedRows: {
    label: "window rows dropped",
    help: "(asset, window) pairs that late events were dropped from, counted once per batch: Spark's numRowsDroppedByWatermark",
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
/** The totals of either engine; null for what Spark does not count. */
export type KnownTotals = {
  [Name in Total]: (typeof TOTALS)[Name] extends { onSpark: false } ? number | null : number;
};

export const TOTAL_NAMES = Object.keys(TOTALS) as Total[];

/** Computes each total from its name. */
export function totalsBy<Value>(valueOf: (name: Total) => Value): Record<Total, Value> {
  return Object.fromEntries(TOTAL_NAMES.map((name) => [name, valueOf(name)])) as Record<
    Total,
    Value
  >;
}
