import fc from "fast-check";
import { expect, test } from "vitest";
import { openTimers } from "../../labs/stream/timers.js";

test("items come by time, those of one time in the order that they were set in, whatever is set in between", () => {
  const steps = fc.array(fc.option(fc.integer({ min: -20, max: 20 }), { nil: "take" as const }));
  fc.assert(
    fc.property(steps, (given) => {
      const timers = openTimers<number>();
      let waiting: [timeMs: number, item: number][] = [];
      for (const [item, step] of [...given, ...given.map(() => "take" as const)].entries()) {
        const nextMs = Math.min(Infinity, ...waiting.map(([timeMs]) => timeMs));
        expect(timers.nextMs).toBe(nextMs);
        if (step === "take") {
          const due = waiting.filter(([timeMs]) => timeMs === nextMs).map(([, each]) => each);
          expect(timers.takeNext()).toEqual(due);
          waiting = waiting.filter(([timeMs]) => timeMs !== nextMs);
        } else {
          timers.set(step, item);
          waiting.push([step, item]);
        }
      }
      expect(timers.nextMs).toBe(Infinity);
    }),
  );
});
