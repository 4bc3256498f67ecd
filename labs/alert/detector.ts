import { NORMAL_SCALE, medianTree } from "./median.js";

// How unusual is a number, given those before it? Three answers to the same question, each a score in "standard deviations
// away from the usual":
//
//   robust   median and median absolute deviation of the last n   what half of the numbers are does not move them
//   plain    mean and standard deviation of the last n            one wild number moves both
//   ewma     exponentially weighted mean and deviation            remembers all, the recent ones more
//
// After Iglewicz and Hoaglin, "How to Detect and Handle Outliers" (1993), and J. P. Morgan's RiskMetrics (1996).

export const DETECTORS = ["robust", "plain", "ewma"] as const;
export type DetectorKind = (typeof DETECTORS)[number];

/**
 * No deviation counts as less than this: a thousandth of a percent. Prices move in steps, and where most returns are 0 their
 * spread is 0 too, beside which the smallest step would be infinitely unusual.
 */
const MIN_DEVIATION = 1e-5;

/** What a detector remembers: JSON, for the checkpoint. */
export interface DetectorMemory {
  /** How many numbers it has taken. */
  count: number;
  /** robust, plain: the last numbers; the next one replaces the one at count % window. */
  values: number[];
  /** plain: of the values. ewma: weighted. */
  mean: number;
  /** plain: sum of squared differences from the mean. ewma: weighted variance. */
  spread: number;
}

export const emptyMemory = (): DetectorMemory => ({ count: 0, values: [], mean: 0, spread: 0 });

export interface Detector {
  /**
   * Scores a number against those before it, then remembers it.
   *
   * @returns how many standard deviations it is away from the usual, with its sign; null while fewer than half a window
   *   of numbers have come
   */
  score(value: number): number | null;
}

/**
 * Opens a detector on what it remembers, which it keeps up to date.
 *
 * @param window how many numbers are compared with. For `ewma` the span: the weights of the last `window` numbers make up 86 %.
 */
export function openDetector(
  kind: DetectorKind,
  window: number,
  memory: DetectorMemory = emptyMemory(),
): Detector {
  const { usual, take } = MEASURES[kind](window, memory);
  const minCount = Math.ceil(window / 2);
  return {
    score(value) {
      let score: number | null = null;
      if (memory.count >= minCount) {
        const [center, deviation] = usual();
        score = (value - center) / Math.max(deviation, MIN_DEVIATION);
      }
      take(value);
      memory.count++;
      return score;
    },
  };
}

/** What is usual, and how a number is taken in. */
interface Measure {
  /** The center of the numbers so far, and one standard deviation of them. */
  usual(): [center: number, deviation: number];
  take(value: number): void;
}

const MEASURES: Record<DetectorKind, (window: number, memory: DetectorMemory) => Measure> = {
  robust(window, memory) {
    const tree = medianTree();
    for (const value of memory.values) tree.add(value);
    return {
      usual: () => [tree.median(), NORMAL_SCALE * tree.medianAbsoluteDeviation()],
      take(value) {
        const leaving = replaceOldest(memory, window, value);
        if (leaving !== undefined) tree.remove(leaving);
        tree.add(value);
      },
    };
  },
  plain(window, memory) {
    return {
      usual: () => [memory.mean, Math.sqrt(memory.spread / (memory.values.length - 1))],
      take(value) {
        const leaving = replaceOldest(memory, window, value);
        const { values } = memory;
        if ((memory.count + 1) % window === 0) {
          // Once a window from scratch, or the roundings of all the numbers that have left would add up.
          memory.mean = values.reduce((sum, each) => sum + each, 0) / values.length;
          memory.spread = values.reduce((sum, each) => sum + (each - memory.mean) ** 2, 0);
        } else if (leaving === undefined) {
          // Welford's method, as in labs/stream/aggregate.ts.
          const difference = value - memory.mean;
          memory.mean += difference / values.length;
          memory.spread += difference * (value - memory.mean);
        } else {
          const before = memory.mean;
          memory.mean += (value - leaving) / values.length;
          memory.spread += (value - leaving) * (value - memory.mean + leaving - before);
          memory.spread = Math.max(0, memory.spread);
        }
      },
    };
  },
  ewma(window, memory) {
    const weight = 2 / (window + 1);
    return {
      usual: () => [memory.mean, Math.sqrt(memory.spread)],
      take(value) {
        const difference = value - memory.mean;
        // The first numbers weigh as much as each other: the first one of all is no better guess of the mean than the second.
        const share = Math.max(weight, 1 / (memory.count + 1));
        memory.mean += share * difference;
        memory.spread = (1 - share) * (memory.spread + share * difference * difference);
      },
    };
  },
};

/** Puts a number in the place of the oldest one. @returns the oldest one; undefined while there is room */
function replaceOldest(memory: DetectorMemory, window: number, value: number): number | undefined {
  const { values, count } = memory;
  if (values.length < window) {
    values.push(value);
    return undefined;
  }
  const place = count % window;
  const leaving = values[place]!;
  values[place] = value;
  return leaving;
}
