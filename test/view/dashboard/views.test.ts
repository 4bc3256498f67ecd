import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AlertRow, WindowRow } from "../../../labs/store/products.js";
import { totalsBy } from "../../../labs/stream/totals.js";
import { openFeed } from "../../../labs/view/dashboard/feed.js";
import { addUpdate, type Snapshot } from "../../../labs/view/dashboard/views.js";
import { RUN } from "../../support/run-view.js";

// The lab's clock reads the real time even where timers are fake.
vi.mock("../../../labs/shared/clock.js", () => ({ nowMs: () => Date.now() }));
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ASSETS = ["bitcoin", "ethereum", "solana"];

/** A row in the n-th second. */
const windowRow = (asset: string, n: number): WindowRow => ({
  asset,
  window_start: n * 1_000 - 60_000,
  window_end: n * 1_000,
  count: 2,
  avg_price: n,
  stddev_price: null,
  min_price: n,
  max_price: n,
  first_price: n,
  last_price: n,
  pct_change: 0,
});
const alertRow = (asset: string, n: number): AlertRow => ({
  id: `${asset}/${n}`,
  rule: "r",
  kind: "level",
  asset,
  time: "",
  price_usd: n,
  value: n,
  text: "",
});

test("a page opened at any time has what the feed has, after the next update", () => {
  const asset = fc.constantFrom(...ASSETS);
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("output" as const),
      assets: fc.array(asset),
      many: fc.boolean(),
    }),
    ...(["status", "wait", "open"] as const).map((kind) => fc.record({ kind: fc.constant(kind) })),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const feed = openFeed(RUN);
      const pages: { known: Snapshot }[] = [];
      let second = 0;
      for (const each of steps) {
        if (each.kind === "open") {
          const page = { known: structuredClone(feed.snapshot()) };
          pages.push(page);
          feed.subscribe((update) => {
            page.known = addUpdate(page.known, structuredClone(update));
          });
        } else if (each.kind === "wait") {
          vi.advanceTimersByTime(600);
        } else if (each.kind === "status") {
          feed.setStatus({
            totals: totalsBy(() => second),
            appended: 0,
            logged: 0,
            batchesNow: 1,
            openWindows: 1,
            batchMs: 1,
            latest: [],
            watermarkMs: second,
            newestEventMs: second + 30_000,
            offsets: [],
            ended: false,
          });
        } else if (each.kind === "output") {
          const rows = each.assets.flatMap((name) =>
            // Often more than a page keeps.
            Array.from({ length: each.many ? 300 : 1 }, () => ({ name, n: ++second })),
          );
          feed.addOutput({
            prices: rows.map(({ name, n }) => {
              return { asset: name, event_time: n * 500, price_usd: n };
            }),
            windows: rows.map(({ name, n }) => windowRow(name, n)),
            alerts: rows.map(({ name, n }) => alertRow(name, n)),
          });
        }
      }
      feed.addOutput({ prices: [], windows: [], alerts: [] });
      vi.advanceTimersByTime(600);
      for (const { known } of pages) expect(known).toEqual(feed.snapshot());
      feed.close();
    }),
    { numRuns: 100 },
  );
});
