import type { ObservedEvent } from "../../event.js";

// Simulates polling on a recorded stream, so that different intervals can be compared on the same prices.

export interface PollResult {
  pollTimeMs: number;
  priceUsd: number;
  eventTimeMs: number;
  /** Whether the previous poll returned the same observation. */
  repeated: boolean;
}

export interface PollOptions {
  everyMs: number;
  /** How often the server refreshes its cache, milliseconds; 0, the default, means that it has no cache. */
  cacheMs?: number;
}

/** The index of the last event that had arrived by a time; -1 if none had. Events are in order of arrival. */
function lastArrivedBy(events: readonly ObservedEvent[], timeMs: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (events[middle]!.arrivalTimeMs <= timeMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * Polls a recorded stream at a fixed interval, from its first arrival to its last.
 *
 * @param events of one asset, in order of arrival
 */
export function pollRecorded(
  events: readonly ObservedEvent[],
  { everyMs, cacheMs = 0 }: PollOptions,
): PollResult[] {
  const results: PollResult[] = [];
  const beginMs = events[0]?.arrivalTimeMs ?? 0;
  const endMs = events.at(-1)?.arrivalTimeMs ?? -1;
  let before = -1;
  for (let pollTimeMs = beginMs; pollTimeMs <= endMs; pollTimeMs += everyMs) {
    const refreshedMs =
      cacheMs === 0 ? pollTimeMs : beginMs + Math.floor((pollTimeMs - beginMs) / cacheMs) * cacheMs;
    const index = lastArrivedBy(events, refreshedMs);
    const { priceUsd, eventTimeMs } = events[index]!;
    results.push({ pollTimeMs, priceUsd, eventTimeMs, repeated: index === before });
    before = index;
  }
  return results;
}

/** Measures how well polling follows a market. */
export interface PollingCost {
  requests: number;
  /** The number of requests that returned nothing new. */
  repeated: number;
  /** The number of the market's price changes that no poll has seen. */
  missedMoves: number;
  moves: number;
  /** The mean age of the known price relative to the market's newest one, over time, milliseconds. */
  meanStalenessMs: number;
  /** The largest difference between the known price and the market's at any time, US dollars. */
  worstErrorUsd: number;
}

const CHECK_MS = 100;

/**
 * Compares the polled prices with the market every `CHECK_MS`: the age of the known price, and its difference from the
 * current one.
 */
export function pollingCost(
  events: readonly ObservedEvent[],
  polls: readonly PollResult[],
): PollingCost {
  let staleness = 0;
  let checks = 0;
  let worstErrorUsd = 0;
  let known = 0;
  const endMs = events.at(-1)!.arrivalTimeMs;
  for (let nowMs = events[0]!.arrivalTimeMs; nowMs <= endMs; nowMs += CHECK_MS) {
    while (known + 1 < polls.length && polls[known + 1]!.pollTimeMs <= nowMs) known++;
    const newest = events[lastArrivedBy(events, nowMs)]!;
    const { eventTimeMs, priceUsd } = polls[known]!;
    staleness += Math.max(0, newest.eventTimeMs - eventTimeMs);
    worstErrorUsd = Math.max(worstErrorUsd, Math.abs(newest.priceUsd - priceUsd));
    checks++;
  }
  const moves = countMoves(events.map(({ priceUsd }) => priceUsd));
  return {
    requests: polls.length,
    repeated: polls.filter(({ repeated }) => repeated).length,
    moves,
    missedMoves: moves - countMoves(polls.map(({ priceUsd }) => priceUsd)),
    meanStalenessMs: staleness / checks,
    worstErrorUsd,
  };
}

/** The number of prices that differ from the previous one. */
function countMoves(prices: readonly number[]): number {
  return prices.filter((price, index) => index > 0 && price !== prices[index - 1]).length;
}
