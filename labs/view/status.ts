import type { LatestRow } from "../store/products.js";
import type { KnownTotals } from "../stream/totals.js";

/** How a run of the pipeline stands, after each batch and at its end. */
export interface PipelineStatus {
  /** Sums since the query began. Spark does not count all of them. */
  totals: Readonly<KnownTotals>;
  /** Records that this run appended to the log. */
  appended: number;
  /** Records in the log, of this run and of earlier ones; `offsets` says how many of them are processed. */
  logged: number;
  /** Batches that this run ran. */
  batchesNow: number;
  openWindows: number;
  /** Null before there is a watermark. */
  watermarkMs: number | null;
  /** The newest event time seen; null before any, and where nobody says. */
  newestEventMs: number | null;
  /** How long the last batch took, milliseconds; null before any, and where nobody says. */
  batchMs: number | null;
  /** The latest price of each asset, by name; put together when it is read. */
  readonly latest: LatestRow[];
  /** For each partition the offset that the next batch starts at. */
  offsets: readonly number[];
  /** Whether a finite source has been read to its end. */
  ended: boolean;
}
