import { mergeAggregates, type Aggregate } from "./aggregate.js";
import { paneIndexFor, type Pane } from "./panes.js";
import type { WindowSpec } from "./window.js";

/**
 * Partial aggregates of one asset that make its next window cheap, however many panes a window has.
 *
 * Time is divided into blocks as long as a window (rounded up to whole slides). A window spans at most two blocks, so it is
 * a suffix of the first merged with a prefix of the second. Suffixes are computed once per block, from its end; the prefix
 * grows from window to window. This takes about three merges per window (van Herk, 1992; Gil and Werman, 1993). The order of
 * merges depends only on the times of the panes, so a query that continues from its checkpoint gives the same digits.
 */
export interface Rolling {
  /** The start of the block whose suffixes are computed; NaN if there is none. */
  suffixBlockMs: number;
  /** The start of the block that `prefix` belongs to, and the time up to which it is merged. */
  prefixBlockMs: number;
  prefixEndMs: number;
  prefix: Aggregate | undefined;
}

/** Nothing merged yet. */
export const newRolling = (): Rolling => ({
  suffixBlockMs: NaN,
  prefixBlockMs: NaN,
  prefixEndMs: -Infinity,
  prefix: undefined,
});

/**
 * Merges the panes of a window. Must be called in the order of the windows.
 *
 * @param first the index of the window's first pane; the window must have one
 * @param startMs the start of the window
 */
export function mergeWindow(
  rolling: Rolling,
  panes: readonly Pane[],
  first: number,
  startMs: number,
  { windowMs, slideMs }: WindowSpec,
): Aggregate {
  const blockMs = Math.ceil(windowMs / slideMs) * slideMs;
  const blockStartMs = Math.floor(startMs / blockMs) * blockMs;
  const endMs = startMs + windowMs;
  if (startMs === blockStartMs) return growPrefix(rolling, panes, blockStartMs, endMs)!;

  const nextBlockMs = blockStartMs + blockMs;
  const prefix = growPrefix(rolling, panes, nextBlockMs, endMs);
  if (panes[first]!.startMs >= nextBlockMs) return prefix!;
  if (rolling.suffixBlockMs !== blockStartMs) {
    rolling.suffixBlockMs = blockStartMs;
    let suffix: Aggregate | undefined;
    for (let index = paneIndexFor(panes, nextBlockMs) - 1; index >= first; index--) {
      const pane = panes[index]!;
      suffix = suffix === undefined ? pane.aggregate : mergeAggregates(pane.aggregate, suffix);
      pane.suffix = suffix;
    }
  }
  const suffix = panes[first]!.suffix!;
  return prefix === undefined ? suffix : mergeAggregates(suffix, prefix);
}

/** Extends the prefix of a block up to a time. @returns undefined if the prefix has no panes */
function growPrefix(
  rolling: Rolling,
  panes: readonly Pane[],
  blockStartMs: number,
  endMs: number,
): Aggregate | undefined {
  if (rolling.prefixBlockMs !== blockStartMs) {
    rolling.prefixBlockMs = blockStartMs;
    rolling.prefixEndMs = blockStartMs;
    rolling.prefix = undefined;
  }
  let { prefix } = rolling;
  for (let index = paneIndexFor(panes, rolling.prefixEndMs); index < panes.length; index++) {
    const { startMs, aggregate } = panes[index]!;
    if (startMs >= endMs) break;
    prefix = prefix === undefined ? aggregate : mergeAggregates(prefix, aggregate);
  }
  rolling.prefixEndMs = endMs;
  rolling.prefix = prefix;
  return prefix;
}
