import { expect } from "vitest";
import { priceMessage, type Message } from "../../labs/event.js";
import { seededRandom } from "../../labs/source/market.js";
import type { WindowRow } from "../../labs/store/products.js";
import { formatTime } from "../../labs/shared/time.js";

/** A tape, and how a query reads it. */
export interface Case {
  name: string;
  seed: number;
  events: number;
  assets: number;
  partitions: number;
  batchSize: number;
  windowMs: number;
  slideMs: number;
  delayMs: number;
  changeThreshold: number;
}

export const CASES: Case[] = [
  {
    name: "sliding windows, one partition",
    seed: 1,
    events: 4_000,
    assets: 6,
    partitions: 1,
    batchSize: 700,
    windowMs: 60_000,
    slideMs: 10_000,
    delayMs: 30_000,
    changeThreshold: 1,
  },
  {
    ...{
      name: "three partitions read in proportion",
      seed: 2,
      events: 6_000,
      assets: 12,
      partitions: 3,
    },
    ...{
      batchSize: 1_100,
      windowMs: 60_000,
      slideMs: 10_000,
      delayMs: 10_000,
      changeThreshold: 0.2,
    },
  },
  {
    name: "tumbling windows without delay",
    seed: 3,
    events: 4_000,
    assets: 5,
    partitions: 2,
    batchSize: 900,
    windowMs: 30_000,
    slideMs: 30_000,
    delayMs: 0,
    changeThreshold: 0.5,
  },
  {
    ...{
      name: "a slide that does not divide the window",
      seed: 4,
      events: 4_000,
      assets: 4,
      partitions: 1,
    },
    batchSize: 600,
    windowMs: 45_000,
    slideMs: 20_000,
    delayMs: 5_000,
    changeThreshold: 0.1,
  },
];

/**
 * A tape with everything that could tell two engines apart: disorder, very late events, ties in time, duplicates,
 * windows of one event, prices from 10⁻⁶ to 10¹⁰ and such as differ in the last digits only, and broken messages.
 */
export function tape({ seed, events, assets }: Case): Message[] {
  const random = seededRandom(seed);
  const messages: Message[] = [];
  let clockMs = Date.UTC(2025, 0, 1, 10);
  for (let index = 0; index < events; index++) {
    clockMs += Math.floor(random() * (random() < 0.01 ? 30_000 : 200));
    const previous = messages.at(-1);
    if (previous !== undefined && random() < 0.05) {
      messages.push({ ...previous, timestampMs: clockMs });
      continue;
    }
    const which = Math.floor(random() ** 2 * assets); // some assets are rare
    const scale = 10 ** ((which % 6) * 3 - 6);
    const price = which % 2 === 0 ? scale * (1 + random() * 0.02) : 68_000 + random() * 1e-3;
    const lateMs = random() < 0.03 ? random() * 300_000 : random() * 4_000;
    const eventMs = Math.floor((clockMs - lateMs) / 250) * 250; // ties
    const message = priceMessage(`asset-${which}`, price, formatTime(eventMs), clockMs);
    if (random() < 0.01)
      messages.push({ ...message, value: message.value.replace("price", "prize") });
    else messages.push(message);
  }
  return messages;
}

export const byWindow = (a: WindowRow, b: WindowRow) =>
  a.window_start - b.window_start || (a.asset < b.asset ? -1 : a.asset > b.asset ? 1 : 0);

/** Averages and deviations may differ in their last digits. */
export function expectSameRows(ours: WindowRow[], sparks: WindowRow[]): void {
  const exact = (row: WindowRow) => ({ ...row, avg_price: 0, stddev_price: 0 });
  expect(ours.map(exact)).toEqual(sparks.map(exact));
  for (const [index, row] of sparks.entries()) {
    const own = ours[index]!;
    expect(Math.abs(own.avg_price - row.avg_price)).toBeLessThanOrEqual(1e-9 * row.avg_price);
    if (row.stddev_price === null) expect(own.stddev_price).toBeNull();
    else {
      // Prices are doubles: one near 68,000 is exact to 10⁻¹¹, and a deviation cannot be more exact than they are.
      const tolerance = 1e-9 * row.stddev_price + 1e-15 * row.max_price;
      expect(Math.abs(own.stddev_price! - row.stddev_price)).toBeLessThanOrEqual(tolerance);
    }
  }
}
