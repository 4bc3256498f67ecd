import { expect, test } from "vitest";
import {
  barChart,
  durationChart,
  histogram,
  lineChart,
  points,
} from "../../../labs/course/figure/chart.js";
import { flowFigure } from "../../../labs/course/figure/flow.js";
import { batchesFigure, windowsFigure } from "../../../labs/course/figure/windows.js";
import { priceMessage } from "../../../labs/event.js";
import { traceQuery } from "../../../labs/course/lesson/trace.js";
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
