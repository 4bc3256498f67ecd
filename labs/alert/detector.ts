import { NORMAL_SCALE, sortedNumbers } from "./median.js";

// How unusual is a number, compared with those before it? Three methods, each of which gives a score in standard deviations
// from the center:
//
//   robust   median and median absolute deviation of the last n   up to half of the numbers may be outliers
//   plain    mean and standard deviation of the last n            a single outlier moves both
//   ewma     exponentially weighted mean and deviation            uses all numbers, recent ones with more weight
//
// See Iglewicz and Hoaglin, "How to Detect and Handle Outliers" (1993), and J. P. Morgan's RiskMetrics (1996).

export const DETECTORS = ["robust", "plain", "ewma"] as const;
export type DetectorKind = (typeof DETECTORS)[number];

/**
 * Smaller deviations are raised to this value, a thousandth of a percent. Prices move in steps: if most returns are 0, so is
 * their deviation, and the smallest step would get an infinite score.
 */
const MIN_DEVIATION = 1e-5;

/** The state of a detector, as JSON for the checkpoint. */
export interface DetectorMemory {
  /** How many numbers it has seen. */
  count: number;
  /** robust, plain: the last numbers. The next number replaces the one at count % window. */
  values: number[];
  /** plain: the mean of the values. ewma: the weighted mean. */
  mean: number;
  /** plain: the sum of squared differences from the mean. ewma: the weighted variance. */
  spread: number;
}

export const emptyMemory = (): DetectorMemory => ({ count: 0, values: [], mean: 0, spread: 0 });

export type Detector = ReturnType<typeof openDetector>;

/**
 * Opens a detector on its state, which it updates in place.
 *
 * @param window how many previous numbers a number is compared with. For `ewma`, the span: the last `window` numbers have 86 %
 *   of the total weight.
 */
export function openDetector(
  kind: DetectorKind,
  window: number,
  memory: DetectorMemory = emptyMemory(),
) {
  const { usual, take } = MEASURES[kind](window, memory);
  const minCount = Math.ceil(window / 2);
  return {
    /**
     * Scores a number against those before it, then adds it to them.
     *
     * @returns the signed distance from the center in standard deviations; null until half a window of numbers has been seen
     */
    score(value: number): number | null {
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

interface Measure {
  /** The center of the numbers so far, and their standard deviation. */
  usual(): [center: number, deviation: number];
  take(value: number): void;
}

const MEASURES: Record<DetectorKind, (window: number, memory: DetectorMemory) => Measure> = {
  robust(window, memory) {
    const last = sortedNumbers();
    for (const value of memory.values) last.add(value);
    return {
      usual: () => [last.median(), NORMAL_SCALE * last.medianAbsoluteDeviation()],
      take(value) {
        const leaving = replaceOldest(memory, window, value);
        if (leaving !== undefined) last.remove(leaving);
        last.add(value);
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
          // Recomputed once per window; otherwise rounding errors would accumulate.
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
        // The first numbers have equal weights: the very first is no better estimate of the mean than the second.
        const share = Math.max(weight, 1 / (memory.count + 1));
        memory.mean += share * difference;
        memory.spread = (1 - share) * (memory.spread + share * difference * difference);
      },
    };
  },
};

/** Replaces the oldest number. @returns the replaced number; undefined while the window is not full */
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
