import fc from "fast-check";
import { expect, test } from "vitest";
import { parseEvent } from "../../labs/event.js";
import { coingecko } from "../../labs/source/coingecko.js";
import { market } from "../../labs/source/market.js";
import { observedEvents, take } from "../../labs/course/lesson/observed.js";
import { websocket } from "../../labs/source/websocket.js";
import { coingeckoServer } from "../support/coingecko-server.js";

// Names that every object of JavaScript has, although nobody has put them there.
const NAMES = [
  ...Object.getOwnPropertyNames(Object.prototype),
  ...["prototype", "length", "name", "then", "toJSON"],
];

test("a simulated market has real prices for any names", async () => {
  const name = fc.oneof(fc.constantFrom(...NAMES), fc.string({ minLength: 1, maxLength: 20 }));
  const names = fc
    .uniqueArray(name, { minLength: 1, maxLength: 5 })
    .filter((all) => all.every((each) => each.trim() !== ""));
  await fc.assert(
    fc.asyncProperty(names, async (assets) => {
      const options = { seed: 1, events: 50, assets, malformed: 0, duplicates: 0 };
      const events = await observedEvents(market(options));
      expect(events).toHaveLength(50);
      for (const { asset, priceUsd } of events) {
        expect(assets).toContain(asset);
        expect(priceUsd).toBeGreaterThan(0);
      }
    }),
    { numRuns: 50 },
  );
});

test("CoinGecko is not said to know what only the prototype has, and knows what it sends", async () => {
  const coins = NAMES.map((name) => `${JSON.stringify(name)}:{"usd":2,"last_updated_at":100}`);
  let isFirst = true;
  const server = await coingeckoServer((_, response) => {
    response.setHeader("content-type", "application/json");
    response.end(isFirst ? "{}" : `{${coins.join(",")}}`);
    isFirst = false;
  });
  const notices: string[] = [];
  const notify = (notice: string) => void notices.push(notice);
  const source = coingecko({ url: server.url, assets: NAMES, everyMs: 5, notify });
  const messages = await take(source, NAMES.length);
  expect(notices).toHaveLength(NAMES.length);
  expect(messages.map(({ key }) => key)).toEqual(NAMES);
  for (const { value, timestampMs } of messages) {
    expect(parseEvent(value, timestampMs)).toMatchObject({ priceUsd: 2 });
  }
});

test("the WebSocket source does not know them", () => {
  for (const name of NAMES) {
    const open = () => websocket({ url: "ws://127.0.0.1:1", assets: [name], notify: () => {} });
    expect(open, name).toThrow(/does not know/);
  }
});
