import { isBehind, nextWatermark } from "./watermark.js";
import { earliestWindowStart, latestWindowStart, type WindowSpec } from "./window.js";

/**
 * The functions that define windows and watermark: the lab's own, or a learner's (`run-pipeline.ts --use-exercises`).
 * Times are milliseconds since the epoch.
 */
export interface Semantics {
  latestWindowStart(windows: WindowSpec, timeMs: number): number;
  earliestWindowStart(windows: WindowSpec, timeMs: number): number;
  nextWatermark(
    watermarkMs: number | null,
    maxEventTimeMs: number | null,
    delayMs: number,
  ): number | null;
  isBehind(windowEndMs: number, watermarkMs: number | null): boolean;
  /**
   * Mean and sample standard deviation of all prices in a window. If given, the state keeps the prices themselves and grows
   * with the events in open windows; the lab's own method keeps three numbers per pane.
   */
  spreadOf?(prices: Iterable<number>): { mean: number; deviation: number | null };
}

export const LAB_SEMANTICS: Semantics = {
  latestWindowStart,
  earliestWindowStart,
  nextWatermark,
  isBehind,
};
