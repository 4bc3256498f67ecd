import fc from "fast-check";

// What real streams hold. A check that draws only small numbers accepts answers that fail on a real time or offset.

/** The epoch, a time before it, and a time of today: where times are that belong together. */
const BASES = [0, -3_000_000, 1_735_725_600_000];

/** Values that depend on times near each other: `make` gets an arbitrary of such times. */
export const nearby = <T>(
  spreadMs: number,
  make: (timeMs: fc.Arbitrary<number>) => fc.Arbitrary<T>,
): fc.Arbitrary<T> =>
  fc
    .constantFrom(...BASES)
    .chain((base) => make(fc.integer({ min: base - spreadMs, max: base + spreadMs })));

/** Offsets, also beyond 32 bits: a busy partition reaches them within weeks. */
export const offset = fc.oneof(fc.nat(20), fc.integer({ min: 2 ** 31 - 3, max: 2 ** 31 + 3 }));

/** Prices as they are: fractions of a cent, ties, and large ones. */
export const price = fc.oneof(
  fc.constantFrom(0.000012, 0.5, 1, 100, 100.25, 68_340.12),
  fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
);

/** Names of assets. An object has members of some of these names. */
export const asset = fc.constantFrom("bitcoin", "ethereum", "constructor", "__proto__", "");
