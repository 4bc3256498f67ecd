import fc from "fast-check";
import { expect, test } from "vitest";
import { forwardClock } from "../../labs/shared/clock.js";

test("however the system's clock is moved, time does not go back, and passes as fast as it did there", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ passMs: fc.nat(10_000), jumpMs: fc.integer({ min: -2e8, max: 2e8 }) })),
      (steps) => {
        let systemMs = 1_735_725_600_000;
        const clock = forwardClock(() => systemMs);
        let lastMs = clock();
        expect(lastMs).toBe(systemMs);
        for (const { passMs, jumpMs } of steps) {
          systemMs += jumpMs;
          const jumpedMs = clock();
          expect(jumpedMs - lastMs).toBe(Math.max(0, jumpMs));
          systemMs += passMs;
          lastMs = clock();
          expect(lastMs - jumpedMs).toBe(passMs);
        }
      },
    ),
  );
});
