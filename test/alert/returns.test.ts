import fc from "fast-check";
import { expect, test } from "vitest";
import { returnsOf } from "../../labs/alert/returns.js";

const price = fc.oneof(
  fc.double({ min: 5e-324, max: 1e12, noNaN: true }),
  fc.constantFrom(5e-324, 1e-300, 999_999_999_999, 68_000),
);

test("a return is a number that JSON can hold, however far apart two prices are", () => {
  fc.assert(
    fc.property(fc.array(price, { minLength: 3, maxLength: 20 }), (prices) => {
      const events = prices.map((priceUsd, index) => {
        return { asset: "bitcoin", priceUsd, eventTimeMs: index * 1_000 };
      });
      for (const { value } of returnsOf(events, 1_000)) expect(Number.isFinite(value)).toBe(true);
    }),
  );
});
