import { expect, test } from "vitest";
import {
  barChart,
  durationChart,
  histogram,
  lineChart,
  points,
} from "../../../labs/course/figure/chart.js";
import { groupFigure, inkOn, partitionsFigure } from "../../../labs/course/figure/partitions.js";
import { median, timingsFigure } from "../../../labs/course/figure/timings.js";
import { batchesFigure, windowsFigure } from "../../../labs/course/figure/windows.js";
import { priceMessage } from "../../../labs/event.js";
import { traceQuery } from "../../../labs/course/lesson/trace.js";
import { colourOf } from "../../../labs/view/figure.js";
import { windowSpec } from "../../../labs/stream/window.js";

const text = { title: "t", x: "x", y: "y" };
const MINUTE = Date.UTC(2025, 0, 1, 10);

test("a long series is thinned, and keeps its first and last point", () => {
  const rows = Array.from({ length: 100_000 }, (_, index) => ({ at: index, price: index * 2 }));
  const [drawn] = lineChart({ price: points(rows, "at", "price") }, text).data;
  const x = drawn!["x"] as number[];
  expect(x.length).toBeLessThan(2_000);
  expect([x[0], x.at(-1)]).toEqual([0, 99_999]);
});

test("bars are named, and durations are relative to one of them", () => {
  expect(barChart({ CSV: 3, JSON: 7 }, text).data[0]).toMatchObject({
    x: ["CSV", "JSON"],
    y: [3, 7],
  });
  const { data } = durationChart({ slow: 40, fast: 10 }, "slow", "reading");
  expect(data[0]!["y"]).toEqual([1, 0.25]);
});

test("a histogram counts every value, those beyond its end in the last bar", () => {
  const { data } = histogram([0, 9, 10, 25, 1_000, -5], { bin: 10, max: 30 }, text);
  expect(data[0]!["y"]).toEqual([3, 1, 1, 1]);
});

/** The texts in the boxes of a picture of windows. */
const labels = (layout: Record<string, unknown>) =>
  (layout["shapes"] as { type: string; label: { text: string } }[])
    .filter(({ type }) => type === "rect")
    .map(({ label }) => label.text);

test("a picture of windows counts the events in each, overlapping or not", () => {
  const events = [0, 30, 61].map((s) => ({ eventTimeMs: MINUTE + s * 1_000, priceUsd: 1 }));
  expect(labels(windowsFigure(events, windowSpec(60_000, 60_000), "").layout)).toEqual(["2", "1"]);
  const sliding = labels(windowsFigure(events, windowSpec(60_000, 30_000), "").layout);
  expect(sliding).toEqual(["1", "2", "2", "1"]);
});

test("the picture of the last batch shows what the engine emitted, and one frame a batch", async () => {
  const messages = [5, 20, 70, 80, 140, 30].map((s) => {
    const timeMs = MINUTE + s * 1_000;
    return priceMessage("a", 1, new Date(timeMs).toISOString(), timeMs);
  });
  const settings = {
    windows: windowSpec(60_000, 60_000),
    delayMs: 0,
    batchSize: 2,
    changeThreshold: 1,
  };
  const trace = await traceQuery(messages, settings);
  const { layout, frames } = batchesFigure(trace);
  const emitted = trace.batches.flatMap(({ windows }) => windows.map(({ count }) => count));
  expect(labels(layout)).toEqual([...emitted.map((count) => `${count}, final`), "1 so far"]);
  expect(frames).toHaveLength(trace.batches.length);
});

test("the text in a box is readable on every colour", () => {
  const channel = (value: number) =>
    value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = (colour: string) =>
    [0.2126, 0.7152, 0.0722].reduce((sum, weight, index) => {
      const value = parseInt(colour.slice(1 + 2 * index, 3 + 2 * index), 16) / 255;
      return sum + weight * channel(value);
    }, 0);
  for (let index = 0; index < 10; index++) {
    const [low, high] = [light(colourOf(index)), light(inkOn(colourOf(index)))].sort(
      (a, b) => a - b,
    );
    expect((high! + 0.05) / (low! + 0.05)).toBeGreaterThan(4.5);
  }
});

test("a picture of partitions has a box for each record, in the colour of its key", () => {
  const records = [
    { partition: 1, offset: 0, key: "b" },
    { partition: 0, offset: 0, key: "a" },
    { partition: 1, offset: 1, key: "b" },
  ];
  const { data } = partitionsFigure(records, 3, "");
  expect(data.map(({ name, x, y }) => ({ name, x, y }))).toEqual([
    { name: "a", x: [0], y: ["partition 0"] },
    { name: "b", x: [0, 1], y: ["partition 1", "partition 1"] },
  ]);
});

test("a picture of a group numbers its members by when they came, and shows who is idle", () => {
  const { data } = groupFigure({ one: { z: [0, 1] }, two: { a: [], z: [0, 1] } }, 2, "");
  expect(data.map(({ name, x, y }) => ({ name, x, y }))).toEqual([
    {
      name: "member 1",
      x: ["one", "one", "two", "two"],
      y: ["partition 0", "partition 1", "partition 0", "partition 1"],
    },
    { name: "member 2", x: ["two"], y: ["no partition"] },
  ]);
});

test("a picture of durations shows every run, and the median with its unit", () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
  const { data, layout } = timingsFigure({ slow: [30, 1_000, 2_000], fast: [1] }, "Sending");
  expect(data.map(({ y }) => y)).toEqual([
    [1_000, 1],
    [30, 1_000, 2_000, 1],
  ]);
  const labels = (layout["annotations"] as { text: string }[]).map(({ text }) => text);
  expect(labels).toEqual(["median 1,000 ms", "median 1 ms"]);
});
