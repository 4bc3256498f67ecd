import { mergeAggregates, type Aggregate } from "./aggregate.js";
import { paneIndexFor, type Pane } from "./panes.js";
import type { WindowSpec } from "./window.js";

/**
 * What is kept of one asset so that its next window costs one merge, however many panes a window has.
 *
 * Time is cut into blocks as long as a window (rounded up to whole slides), so a window reaches over two blocks at most: it is
 * a suffix of the first one merged with a prefix of the second one. Suffixes are computed once a block, from its end; the
 * prefix grows with the windows. That makes three merges a window (van Herk, 1992; Gil and Werman, 1993). Which panes are
 * merged with which follows from their times alone, so a query that continues from its checkpoint gives the same digits.
 */
export interface Rolling {
  /** The start of the block that has suffixes; NaN where none has. */
  suffixBlockMs: number;
  /** The start of the block that `prefix` is of, and the time up to which it is merged. */
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
 * Merges the panes of a window. Windows are asked for in order.
 *
 * @param first the index of the window's first pane, which there is
 * @param startMs when the window starts
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

/** Merges the panes of a block up to a time, going on from the last one. @returns undefined where there are none */
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
