import type { LatestRow } from "../store/products.js";
import type { KnownTotals } from "../stream/totals.js";

/** The status of a run, after each batch and at the end. */
export interface PipelineStatus {
  /** Totals since the query began. Spark does not count all of them. */
  totals: Readonly<KnownTotals>;
  /** Records that this run appended to the log. */
  appended: number;
  /** Records in the log, from this run and earlier ones; `offsets` tells how many are processed. */
  logged: number;
  batchesNow: number;
  openWindows: number;
  /** Null before there is a watermark. */
  watermarkMs: number | null;
  /** The newest event time seen; null before the first event, or if the engine does not report it. */
  newestEventMs: number | null;
  /** How long the last batch took; null before the first batch, or if the engine does not report it. */
  batchMs: number | null;
  /** The latest price of each asset, sorted by name; computed on access. */
  readonly latest: LatestRow[];
  /** For each partition the offset that the next batch starts at. */
  offsets: readonly number[];
  /** Whether a finite source has been read to its end. */
  ended: boolean;
}
