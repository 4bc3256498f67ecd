import type { PriceEvent } from "../../event.js";
import { seededRandom } from "../../source/market.js";
import { begins } from "../../alert/episode.js";
import { openDetector, type DetectorKind } from "../../alert/detector.js";
import { returnsOf, type Return } from "../../alert/returns.js";
import { anomalyLevels } from "../../alert/rules.js";

// Evaluates a detector. The correct alarms must be known, so shocks are added to the prices at known times.

/** A lasting jump of the price. */
export interface Shock {
  timeMs: number;
  /** Relative: 0.01 is one percent up. */
  size: number;
}

export interface ShockOptions {
  /** The number of shocks, each up or down at random. */
  count: number;
  /** The relative size of each shock: 0.01 is one percent. */
  size: number;
  seed: number;
  /** The minimum distance of the shocks from both ends. */
  marginMs: number;
  /** Each shock is followed by a second one after this time; by default, by none. */
  echoMs?: number;
}

/**
 * Adds shocks to the prices of one asset: one at a random time in each of `count` equal intervals.
 *
 * @param events in the order of event time
 */
export function withShocks(
  events: readonly PriceEvent[],
  { count, size, seed, marginMs, echoMs }: ShockOptions,
): { events: PriceEvent[]; shocks: Shock[] } {
  const random = seededRandom(seed);
  const beginMs = events[0]!.eventTimeMs + marginMs;
  const intervalMs = (events.at(-1)!.eventTimeMs - marginMs - beginMs) / count;
  const shocks = Array.from({ length: count }, (_, index): Shock[] => {
    // Not in the last third of an interval, so that no two shocks are close.
    const timeMs = Math.floor(beginMs + intervalMs * (index + (random() * 2) / 3));
    const shock = { timeMs, size: random() < 0.5 ? size : -size };
    return echoMs === undefined ? [shock] : [shock, { ...shock, timeMs: timeMs + echoMs }];
  }).flat();
  let factor = 1;
  let next = 0;
  const shocked = events.map((event) => {
    while (next < shocks.length && shocks[next]!.timeMs <= event.eventTimeMs) {
      factor *= 1 + shocks[next++]!.size;
    }
    return { ...event, priceUsd: event.priceUsd * factor };
  });
  return { events: shocked, shocks };
}

export interface ScoredReturn extends Return {
  /** The distance from the center in standard deviations; null while there are too few earlier returns. */
  score: number | null;
}

/** The returns of one asset's events, each scored against those before it. */
export function scoreReturns(
  events: Iterable<PriceEvent>,
  kind: DetectorKind,
  { everyMs, window }: { everyMs: number; window: number },
): ScoredReturn[] {
  const detector = openDetector(kind, window);
  return returnsOf(events, everyMs).map((each) => ({ ...each, score: detector.score(each.value) }));
}

/** When episodes begin, as in an anomaly rule: the end of the interval, milliseconds since the epoch. */
export function alarmsOf(scored: readonly ScoredReturn[], threshold: number): number[] {
  const levels = anomalyLevels(threshold);
  const episode = { up: false };
  return scored
    .filter(({ score }) => begins(episode, "up", Math.abs(score ?? 0), levels))
    .map(({ endMs }) => endMs);
}

/** How well alarms match shocks. */
export interface DetectionScore {
  alarms: number;
  /** The number of shocks that an alarm follows in time. */
  found: number;
  /** The fraction of alarms that follow a shock, 0 to 1; null without alarms. */
  precision: number | null;
  /** The fraction of shocks that are found, 0 to 1. */
  recall: number;
  /** The mean time from a found shock to its alarm, milliseconds; null if none is found. */
  meanDelayMs: number | null;
}

/** Compares alarms with shocks. A shock is found by the first unused alarm within `withinMs` after it. */
export function judge(
  alarmsMs: readonly number[],
  shocks: readonly Shock[],
  withinMs: number,
): DetectionScore {
  const delaysMs: number[] = [];
  const used = new Set<number>();
  for (const { timeMs } of shocks) {
    const alarm = alarmsMs.find((at) => at > timeMs && at <= timeMs + withinMs && !used.has(at));
    if (alarm === undefined) continue;
    used.add(alarm);
    delaysMs.push(alarm - timeMs);
  }
  const found = delaysMs.length;
  return {
    alarms: alarmsMs.length,
    found,
    precision: alarmsMs.length === 0 ? null : found / alarmsMs.length,
    recall: found / shocks.length,
    meanDelayMs: found === 0 ? null : delaysMs.reduce((sum, each) => sum + each, 0) / found,
  };
}
