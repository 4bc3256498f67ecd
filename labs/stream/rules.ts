import { isBehind, nextWatermark } from "./watermark.js";
import { earliestWindowStart, latestWindowStart, type WindowSpec } from "./window.js";

/**
 * The rules that decide what windows hold: the lab's own, or a learner's (`run-pipeline.ts --use-exercises`). Times are
 * milliseconds since the epoch.
 */
export interface Rules {
  latestWindowStart(windows: WindowSpec, timeMs: number): number;
  earliestWindowStart(windows: WindowSpec, timeMs: number): number;
  nextWatermark(watermarkMs: number, maxEventTimeMs: number, delayMs: number): number;
  isBehind(windowEndMs: number, watermarkMs: number): boolean;
  /**
   * Mean and sample deviation of all prices of a window. Where there is such a rule the state keeps the prices themselves, so it
   * grows with the events in open windows; the lab's own way keeps three numbers a pane.
   */
  spreadOf?(prices: Iterable<number>): { mean: number; deviation: number | null };
}

export const LAB_RULES: Rules = { latestWindowStart, earliestWindowStart, nextWatermark, isBehind };
