/** The rate is an average over this time. */
const SPAN_MS = 3_000;

/** Measures how fast a total grows. */
export function openRate() {
  let measured: (readonly [timeMs: number, total: number])[] = [];
  return {
    /** @returns the increase per second over the last seconds, rounded */
    measure(total: number): number {
      const timeMs = performance.now(); // unlike the wall clock, it is never set back
      measured.push([timeMs, total]);
      measured = measured.filter(([eachMs]) => timeMs - eachMs <= SPAN_MS);
      const [beginMs, before] = measured[0]!;
      return timeMs > beginMs ? Math.round(((total - before) / (timeMs - beginMs)) * 1_000) : 0;
    },
  };
}
