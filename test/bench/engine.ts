import type { PriceEvent } from "../../labs/event.js";
import { priceOperators } from "../../labs/run/price-query.js";
import { emptyOutput } from "../../labs/store/products.js";
import { takeChanges } from "../../labs/stream/state-changes.js";
import { addEvent, openState } from "../../labs/stream/state.js";
import { nextWatermark } from "../../labs/stream/watermark.js";
import { compare, say, type Benchmark } from "./benchmark.js";
import { BATCH, QUERY, marketEvents } from "./market-log.js";

export const engine: Benchmark = {
  name: "engine",
  help: "the engine alone: from events in memory to windows",
  async measure({ events, marketLog }) {
    const log = await marketLog();
    const valid = await marketEvents(events);
    say("the engine alone …");
    // Not in turn: the garbage of one would be collected in the time of the other.
    const { parse } = await compare({ parse: log.parse });
    const { stream } = await compare({ stream: () => streamEvents(valid) });
    return [
      {
        what: "engine alone, 100 assets, 1 min / 10 s",
        value: `${(valid.length / stream / 1_000).toFixed(2)} M events/s`,
        ratio: (stream / parse).toFixed(2),
      },
    ];
  },
};

function streamEvents(events: readonly PriceEvent[]): number {
  const { operators } = priceOperators(QUERY);
  const state = openState(operators, [], null);
  const record = { offset: 0, timestampMs: 0, key: "", value: "" };
  let watermarkMs: number | null = null;
  let maxEventTimeMs = -Infinity;
  let rows = 0;
  for (let start = 0; start < events.length; start += BATCH) {
    const end = Math.min(events.length, start + BATCH);
    for (let offset = start; offset < end; offset++) {
      const event = events[offset]!;
      if (event.eventTimeMs > maxEventTimeMs) maxEventTimeMs = event.eventTimeMs;
      record.offset = offset;
      addEvent(state, event, record, 0);
    }
    const output = emptyOutput(start / BATCH);
    for (const operator of operators) operator.endBatch({ watermarkMs }, output);
    rows += output.windows.length;
    takeChanges(state);
    watermarkMs = nextWatermark(watermarkMs, maxEventTimeMs, QUERY.delayMs);
  }
  return rows;
}
