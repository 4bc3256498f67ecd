import { isBehind, nextWatermark } from "./watermark.js";
import { earliestWindowStart, latestWindowStart, type WindowSpec } from "./window.js";

/**
 * The functions that decide what windows hold: the lab's own, or a learner's (`run-pipeline.ts --use-exercises`). The
 * engine calls them for each window, pane or batch, not for each event. Times are milliseconds since the epoch.
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
   * Mean and sample deviation of all prices of a window. Where it is given the state keeps the prices themselves, so it
   * grows with the events in open windows; the lab's own way keeps three numbers a pane.
   */
  spreadOf?(prices: Iterable<number>): { mean: number; deviation: number | null };
}

export const LAB_SEMANTICS: Semantics = {
  latestWindowStart,
  earliestWindowStart,
  nextWatermark,
  isBehind,
};
