import fc from "fast-check";

const timeMs = fc.integer({ min: Date.UTC(1, 0), max: Date.UTC(9999, 11, 31) });
/** Any number but −0, which no price is and which comes back as 0. */
const number = fc.double({ noNaN: true }).map((value) => (value === 0 ? 0 : value));
/** Any row of `windows/`. */
export const windowRow = fc.record({
  asset: fc.string({ unit: "grapheme", maxLength: 20 }),
  window_start: timeMs,
  window_end: timeMs,
  count: fc.nat(),
  avg_price: number,
  stddev_price: fc.option(number),
  min_price: number,
  max_price: number,
  first_price: number,
  last_price: number,
  pct_change: number,
});
