import fc from "fast-check";
import { expect, test } from "vitest";
import { addPrice, aggregateOf } from "../../labs/stream/aggregate.js";
import { restoredPane, savedByPane, type Pane, type SavedPanes } from "../../labs/stream/panes.js";

const event = fc.tuple(
  fc.double({ min: 1e-9, max: 1e12, noNaN: true }),
  fc.integer({ min: 0, max: Date.UTC(9999, 11) }),
  fc.nat(),
);
const pane = fc
  .record({ startMs: fc.nat(20), events: fc.array(event, { minLength: 1 }), isKept: fc.boolean() })
  .map(({ startMs, events: [first, ...rest], isKept }): Pane => {
    const aggregate = aggregateOf(...first!);
    for (const each of rest) addPrice(aggregate, ...each);
    const prices = isKept ? [first!, ...rest].map(([price]) => price) : undefined;
    return { startMs, aggregate, prices, isChanged: false, suffix: undefined };
  });
const panes = fc
  .uniqueArray(pane, { selector: ({ startMs }) => startMs })
  .map((some) => some.sort((a, b) => a.startMs - b.startMs));
const { save, merge } = savedByPane(() => 0);
const throughJson = (saved: unknown) => JSON.parse(JSON.stringify(saved)) as SavedPanes;
/** As earlier versions of the lab saved them. */
const named = (some: readonly Pane[]) =>
  throughJson(some.map(({ startMs, aggregate, prices }) => ({ startMs, aggregate, prices })));

test("panes are restored as they were saved, also from a checkpoint of an older version", () => {
  fc.assert(
    fc.property(panes, (some) => {
      expect(throughJson(save(some)).map(restoredPane)).toEqual(some);
      expect(named(some).map(restoredPane)).toEqual(some);
    }),
  );
});

test("later panes replace earlier ones with the same start, whichever version saved them", () => {
  fc.assert(
    fc.property(panes, panes, (earlier, later) => {
      const starts = new Set(later.map(({ startMs }) => startMs));
      const expected = [...earlier.filter(({ startMs }) => !starts.has(startMs)), ...later].sort(
        (a, b) => a.startMs - b.startMs,
      );
      for (const saved of [named(earlier), throughJson(save(earlier))]) {
        expect(merge(saved, throughJson(save(later))).map(restoredPane)).toEqual(expected);
      }
    }),
  );
});
