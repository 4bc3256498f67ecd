import type { PriceEvent } from "../../event.js";
import { seededRandom } from "../../source/market.js";
import { begins } from "../../alert/episode.js";
import { openDetector, type DetectorKind } from "../../alert/detector.js";
import { returnsOf, type Return } from "../../alert/returns.js";
import { anomalyLevels } from "../../alert/rules.js";

// How good is a detector? Only where one knows what there is to find: shocks are put into prices at known places.

/** A price jumps and stays where it is. */
export interface Shock {
  /** Milliseconds since the epoch. */
  timeMs: number;
  /** 0.01: one percent up. */
  size: number;
}

export interface ShockOptions {
  /** How many, up or down by chance. */
  count: number;
  /** How far each moves the price, of 1. */
  size: number;
  seed: number;
  /** The first and the last shock are this far from the ends at least, milliseconds. */
  marginMs: number;
  /** Each shock is at once followed by a second one this much later; none by default. */
  echoMs?: number;
}

/**
 * Puts shocks into the prices of one asset: as many equal stretches of time, and in each one at a random place.
 *
 * @param events by event time
 */
export function withShocks(
  events: readonly PriceEvent[],
  { count, size, seed, marginMs, echoMs }: ShockOptions,
): { events: PriceEvent[]; shocks: Shock[] } {
  const random = seededRandom(seed);
  const beginMs = events[0]!.eventTimeMs + marginMs;
  const stretchMs = (events.at(-1)!.eventTimeMs - marginMs - beginMs) / count;
  const shocks = Array.from({ length: count }, (_, index): Shock[] => {
    // Not in the last third of a stretch, so that no two are close.
    const timeMs = Math.floor(beginMs + stretchMs * (index + (random() * 2) / 3));
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

/** A return, and how unusual it is. */
export interface ScoredReturn extends Return {
  /** Standard deviations away from the usual; null while there is too little to compare with. */
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

/** When episodes begin, as the anomaly rule has them: by the end of the interval. Milliseconds since the epoch. */
export function alarmsOf(scored: readonly ScoredReturn[], threshold: number): number[] {
  const levels = anomalyLevels(threshold);
  const episode = { up: false };
  return scored
    .filter(({ score }) => begins(episode, "up", Math.abs(score ?? 0), levels))
    .map(({ endMs }) => endMs);
}

/** How well alarms match the shocks. */
export interface DetectionScore {
  alarms: number;
  /** Shocks that an alarm follows in time. */
  found: number;
  /** Of the alarms, how many follow a shock: 0 to 1; null without alarms. */
  precision: number | null;
  /** Of the shocks, how many are found: 0 to 1. */
  recall: number;
  /** From a found shock to its alarm, on average, milliseconds; null where none is found. */
  meanDelayMs: number | null;
}

/** Compares alarms with the shocks that there were: an alarm finds the shock that it follows within `withinMs`, the first one alone. */
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
