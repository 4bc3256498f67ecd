import { expect, test } from "vitest";
import { parseEvent } from "../../labs/event.js";
import { latestPrices } from "../../labs/stream/latest.js";
import { addEvent, openState } from "../../labs/stream/state.js";

test("the state does not keep the text that its assets were cut from", () => {
  const state = openState([latestPrices()], [], null);
  const value = (asset: string) =>
    `{"asset":"${asset}","price_usd":1.5,"event_time":"2025-01-01T10:00:00Z"}`;
  const before = process.memoryUsage().heapUsed;
  for (let piece = 0; piece < 5_000; piece++) {
    const lines = Array.from({ length: 750 }, (_, line) => value(`a long name ${piece}-${line}`));
    const read = Buffer.from(lines.join("\n")).toString().split("\n")[7]!;
    const event = parseEvent(read, Date.UTC(2025, 0, 1, 10));
    if (typeof event === "string") throw new Error(event);
    addEvent(state, event, { offset: piece, timestampMs: 0, key: "", value: read }, 0);
  }
  expect(state.assets.size).toBe(5_000);
  // All pieces together have 340 MB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(170e6);
});
