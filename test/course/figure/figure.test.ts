import { expect, test } from "vitest";
import { barChart, histogram, lineChart, points } from "../../../labs/course/figure/chart.js";
import { groupFigure, inkOn, partitionsFigure } from "../../../labs/course/figure/partitions.js";
import { median, timingsFigure } from "../../../labs/course/figure/timings.js";
import { flowFigure } from "../../../labs/course/figure/flow.js";
import {
  batchesFigure,
  watermarkFigure,
  windowsFigure,
} from "../../../labs/course/figure/windows.js";
import { priceMessage } from "../../../labs/event.js";
import { traceQuery } from "../../../labs/course/lesson/trace.js";
import { colourOf } from "../../../labs/view/figure.js";
import { windowSpec } from "../../../labs/stream/window.js";

const text = { title: "t", x: "x", y: "y" };
const MINUTE = Date.UTC(2025, 0, 1, 10);

/** Six events, the last one out of order; in batches of one, it is late. */
function smallTrace(batchSize: number) {
  const messages = [5, 20, 70, 80, 140, 30].map((s, index) => {
    const timeMs = MINUTE + s * 1_000;
    return priceMessage("a", 1, new Date(timeMs).toISOString(), MINUTE + index * 60_000);
  });
  const windows = windowSpec(60_000, 60_000);
  return traceQuery(messages, { windows, delayMs: 0, batchSize, changeThreshold: 1 });
}

test("a long series is thinned, and keeps its first and last point", () => {
  const rows = Array.from({ length: 100_000 }, (_, index) => ({ at: index, price: index * 2 }));
  const [drawn] = lineChart({ price: points(rows, "at", "price") }, text).data;
  const x = drawn!["x"] as number[];
  expect(x.length).toBeLessThan(2_000);
  expect([x[0], x.at(-1)]).toEqual([0, 99_999]);
});

test("bars are named", () => {
  expect(barChart({ CSV: 3, JSON: 7 }, text).data[0]).toMatchObject({
    x: ["CSV", "JSON"],
    y: [3, 7],
  });
});

test("a histogram counts every value, those beyond its end in the last bar", () => {
  const { data } = histogram([0, 9, 10, 25, 1_000, -5], { bin: 10, max: 30 }, text);
  expect(data[0]!["y"]).toEqual([3, 1, 1, 1]);
});

test("the description of a step is broken into lines that fit its box, wherever it was broken before", () => {
  const does = "reads at most a thousand<br>records in every batch";
  const textsOf = (count: number) => {
    const steps = Array.from({ length: count }, () => ({ name: "step", does }));
    const { annotations } = flowFigure(steps, "").layout as { annotations: { text: string }[] };
    return annotations.slice(0, count).map(({ text: inBox }) => inBox.split("<br>").slice(2));
  };
  const [narrow] = textsOf(5);
  expect(narrow!.join(" ")).toBe(does.replace("<br>", " "));
  for (const line of narrow!) expect(line.length).toBeLessThanOrEqual(18);
  expect(textsOf(2)[0]).toHaveLength(2);
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
  const trace = await smallTrace(2);
  const { layout, frames } = batchesFigure(trace);
  const emitted = trace.batches.flatMap(({ windows }) => windows.map(({ count }) => count));
  expect(labels(layout)).toEqual([...emitted.map((count) => `${count}, final`), "1 so far"]);
  expect(frames).toHaveLength(trace.batches.length);
});

test("the counts of windows that overlap are those that the engine emits, late events included", async () => {
  const messages = [5, 20, 70, 80, 140, 30, 45, 260].map((s, index) => {
    const timeMs = MINUTE + s * 1_000;
    return priceMessage("a", 1, new Date(timeMs).toISOString(), MINUTE + index * 60_000);
  });
  const windows = windowSpec(120_000, 20_000);
  const trace = await traceQuery(messages, {
    windows,
    delayMs: 0,
    batchSize: 1,
    changeThreshold: 1,
  });
  expect(trace.batches.flatMap(({ events }) => events).some(({ late }) => late)).toBe(true);
  const before = labels(batchesFigure(trace, trace.batches.length - 2).layout);
  const after = labels(batchesFigure(trace).layout);
  // The last batch has no events: windows become final, and their counts are the engine's.
  const countsOf = (texts: string[]) => texts.map((label) => Number.parseInt(label, 10));
  expect(countsOf(after)).toEqual(countsOf(before));
  expect(before.filter((label) => label.endsWith("so far")).length).toBeGreaterThan(2);
});

test("every colour of the picture of batches has a name, in every frame", async () => {
  const trace = await smallTrace(2);
  const { data, layout, frames } = batchesFigure(trace);
  expect(layout["showlegend"]).toBe(true);
  const names = data.map(({ name }) => name);
  expect(new Set(names).size).toBe(5);
  for (const frame of frames!) {
    const drawn = frame["data"] as { name: string; x: unknown[] }[];
    expect(drawn.map(({ name }) => name)).toEqual(names);
  }
  const shown = data.flatMap(({ x }) => x as (number | null)[]).filter((x) => x !== null);
  expect(shown).toHaveLength(trace.totals.events);
});

test("no event of the picture of a watermark is too late before the steps begin", async () => {
  const trace = await smallTrace(1);
  const [, late, steps] = watermarkFigure(trace, "t").data as { x: number[]; y: number[] }[];
  expect(late!.x.length).toBeGreaterThan(0);
  const begins = steps!.x[steps!.y.findIndex((watermark) => watermark !== null)]!;
  expect(begins).toBe(trace.batches[1]!.arrivedMs);
  for (const timeMs of late!.x) expect(timeMs).toBeGreaterThanOrEqual(begins);
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
