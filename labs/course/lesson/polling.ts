import type { ObservedEvent } from "../../event.js";

// What polling makes of a market: worked out on a recorded stream, so that every interval can be compared on the
// same prices.

/** One answer to one poll. */
export interface PollResult {
  pollTimeMs: number;
  priceUsd: number;
  /** The event time of the price that was answered. */
  eventTimeMs: number;
  /** Whether it is the very observation that the poll before has already got. */
  repeated: boolean;
}

export interface PollOptions {
  /** From one poll to the next, milliseconds. */
  everyMs: number;
  /** How long the server answers from its cache: it looks at the market this often only. By default always. */
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
    const looked =
      cacheMs === 0 ? pollTimeMs : beginMs + Math.floor((pollTimeMs - beginMs) / cacheMs) * cacheMs;
    const index = lastArrivedBy(events, looked);
    const { priceUsd, eventTimeMs } = events[index]!;
    results.push({ pollTimeMs, priceUsd, eventTimeMs, repeated: index === before });
    before = index;
  }
  return results;
}

/** How well polling follows a market, in figures. */
export interface PollingCost {
  requests: number;
  /** Requests that brought nothing new. */
  repeated: number;
  /** Price changes of the market that no poll has seen. */
  missedMoves: number;
  /** Price changes of the market. */
  moves: number;
  /** How much older than the newest price of the market the known one is, on average over time: milliseconds. */
  meanStalenessMs: number;
  /** The largest difference between the known price and the market's at one time, US dollars. */
  worstErrorUsd: number;
}

const CHECK_MS = 100;

/**
 * Compares what polls have brought with the market itself, a hundred milliseconds at a time: for how long one trades on an old
 * price, and by how much it is wrong.
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

/** How often a price differs from the one before. */
function countMoves(prices: readonly number[]): number {
  return prices.filter((price, index) => index > 0 && price !== prices[index - 1]).length;
}
