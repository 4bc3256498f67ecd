import type { Trace, TracedBatch } from "../lesson/trace.js";
import { earliestWindowStart, latestWindowStart, type WindowSpec } from "../../stream/window.js";
import { isBehind } from "../../stream/watermark.js";
import { AXIS, COLOURS, LAYOUT, titleOf, type Figure } from "../../view/figure.js";

/** An event of one asset, as drawn. */
interface Point {
  eventTimeMs: number;
  priceUsd: number;
}

/** The starts of all windows that hold at least one of the times, in order. */
function windowStarts(windows: WindowSpec, timesMs: readonly number[]): number[] {
  const starts = new Set<number>();
  for (const timeMs of timesMs) {
    const last = latestWindowStart(windows, timeMs);
    for (
      let start = earliestWindowStart(windows, timeMs);
      start <= last;
      start += windows.slideMs
    ) {
      starts.add(start);
    }
  }
  return [...starts].sort((a, b) => a - b);
}

/** The number of lanes: windows that overlap are drawn below each other. */
const lanes = ({ windowMs, slideMs }: WindowSpec) => Math.ceil(windowMs / slideMs);

const laneOf = (windows: WindowSpec, startMs: number) => {
  const index = Math.round(startMs / windows.slideMs) % lanes(windows);
  return index < 0 ? index + lanes(windows) : index;
};

interface Bar {
  startMs: number;
  endMs: number;
  lane: number;
  fill: string;
  text: string;
}

/** Windows as boxes below their events. */
function windowShapes(bars: readonly Bar[]): Record<string, unknown>[] {
  return bars.map(({ startMs, endMs, lane, fill, text }) => ({
    type: "rect",
    x0: startMs,
    x1: endMs,
    y0: -lane - 0.9,
    y1: -lane - 0.1,
    fillcolor: fill,
    line: { color: "#ffffff", width: 2 },
    label: { text, font: { size: 12, color: COLOURS.ink } },
  }));
}

function windowLayout(title: string, windows: WindowSpec, shapes: Record<string, unknown>[]) {
  return {
    ...LAYOUT,
    title: titleOf(title),
    height: 190 + 42 * lanes(windows),
    margin: { l: 20, r: 20, t: 60, b: 45 },
    showlegend: false,
    xaxis: { ...AXIS, type: "date", title: { text: "event time (UTC)" } },
    yaxis: { visible: false, range: [-lanes(windows) - 0.1, 1.6] },
    shapes,
  };
}

// A little transparent, so that the watermark can be seen below the windows, and their texts above it.
const OPEN = "rgba(207,224,243,0.8)";
const FINAL = "rgba(182,224,200,0.8)";

/** Events over event time, and below them the windows that they fall into, each with its count. */
export function windowsFigure(
  events: readonly Point[],
  windows: WindowSpec,
  title: string,
): Figure {
  const times = events.map(({ eventTimeMs }) => eventTimeMs);
  const bars = windowStarts(windows, times).map((startMs) => {
    const endMs = startMs + windows.windowMs;
    const count = times.filter((timeMs) => startMs <= timeMs && timeMs < endMs).length;
    return { startMs, endMs, lane: laneOf(windows, startMs), fill: OPEN, text: String(count) };
  });
  return {
    data: [
      {
        type: "scatter",
        mode: "markers",
        x: times,
        y: times.map(() => 0.5),
        text: events.map(({ priceUsd }) => String(priceUsd)),
        marker: { size: 11, color: COLOURS.average },
        hoverinfo: "x+text",
      },
    ],
    layout: windowLayout(title, windows, windowShapes(bars)),
  };
}

/** The state after a batch: its events, earlier events, and the windows, open or final. */
function batchFrame(trace: Trace, upTo: number) {
  const { windows } = trace.settings;
  const seen = trace.batches.slice(0, upTo + 1);
  const batch = seen.at(-1)!;
  const emitted = new Map(
    seen.flatMap((each) => each.windows.map((row) => [row.window_start, row.count] as const)),
  );
  const events = seen.flatMap((each) => each.events.map((event) => ({ ...event, each })));
  const times = events.map(({ eventTimeMs }) => eventTimeMs);
  const bars = windowStarts(windows, times).flatMap((startMs) => {
    const endMs = startMs + windows.windowMs;
    const final = emitted.get(startMs);
    // An event that is too late for one window may still count in others.
    const count = events.filter(
      ({ eventTimeMs, each }) =>
        startMs <= eventTimeMs && eventTimeMs < endMs && !isBehind(endMs, each.lateWatermarkMs),
    ).length;
    if (count === 0) return [];
    const text = final === undefined ? `${count} so far` : `${final}, final`;
    const fill = final === undefined ? OPEN : FINAL;
    return [{ startMs, endMs, lane: laneOf(windows, startMs), fill, text }];
  });
  const watermark =
    batch.watermarkMs === null
      ? []
      : [
          {
            type: "line",
            x0: batch.watermarkMs,
            x1: batch.watermarkMs,
            yref: "paper",
            y0: 0,
            y1: 1,
            line: { color: COLOURS.down, width: 2 },
            label: {
              text: "watermark",
              textposition: "end",
              textangle: 0,
              xanchor: "left",
              yanchor: "top",
            },
          },
        ];
  const dots = (name: string, of: typeof events, color: string, symbol = "circle") => ({
    type: "scatter",
    mode: "markers",
    name,
    // Without any point, there would be no entry in the legend.
    x: of.length === 0 ? [null] : of.map(({ eventTimeMs }) => eventTimeMs),
    y: of.length === 0 ? [null] : of.map(({ late }) => (late ? 0.95 : 0.5)),
    marker: { size: 11, color, symbol },
    text: of.map(({ each }) => `batch ${each.batchId}`),
    hoverinfo: "x+text+name",
  });
  const inTime = events.filter(({ late }) => !late);
  const isNow = ({ each }: { each: TracedBatch }) => each === batch;
  const earlier = inTime.filter((event) => !isNow(event));
  const late = events.filter((event) => event.late);
  return {
    data: [
      dots("in this batch", inTime.filter(isNow), COLOURS.average),
      dots("earlier", earlier, COLOURS.price),
      dots("too late", late, COLOURS.down, "x"),
      keyOf("open window", OPEN),
      keyOf("final window", FINAL),
    ],
    shapes: [...watermark, ...windowShapes(bars)],
    title: `After batch ${batch.batchId}`,
  };
}

/** An entry of the legend for a colour of boxes, which are shapes and have none of their own. */
const keyOf = (name: string, color: string) => ({
  type: "scatter",
  mode: "markers",
  name,
  x: [null],
  y: [null],
  marker: { size: 13, color, symbol: "square", line: { color: COLOURS.price, width: 1 } },
});

/**
 * The state of the engine after each batch, with a slider to select the batch. The number in a window counts its events.
 * `first` is the batch shown first.
 */
export function batchesFigure(trace: Trace, first = trace.batches.length - 1): Figure {
  const frames = trace.batches.map((_, index) => batchFrame(trace, index));
  const now = frames[first]!;
  const times = trace.batches.flatMap(({ events }) => events.map(({ eventTimeMs }) => eventTimeMs));
  const starts = windowStarts(trace.settings.windows, times);
  const layout = windowLayout(now.title, trace.settings.windows, now.shapes);
  const range = [starts[0], starts.at(-1)! + trace.settings.windows.windowMs];
  return {
    data: now.data,
    layout: {
      ...layout,
      height: layout.height + 90,
      margin: { ...layout.margin, t: 80, b: 45 },
      showlegend: true,
      legend: {
        orientation: "h",
        x: 0,
        y: 1,
        yanchor: "bottom",
        itemclick: false,
        itemdoubleclick: false,
      },
      xaxis: { ...layout.xaxis, range },
      sliders: [
        {
          active: first,
          currentvalue: { prefix: "batch " },
          pad: { t: 45 },
          steps: trace.batches.map(({ batchId }) => ({
            label: String(batchId),
            method: "animate",
            args: [[String(batchId)], { mode: "immediate", frame: { duration: 0, redraw: true } }],
          })),
        },
      ],
    },
    frames: frames.map(({ data, shapes, title }, index) => ({
      name: String(trace.batches[index]!.batchId),
      data,
      layout: { shapes, title: titleOf(title) },
    })),
  };
}

/**
 * The figure of the Spark guide ("Handling Late Data and Watermarking"): each event by arrival time and event time, and the
 * watermark as steps. Events below the steps may be too late. A step is as wide as the arrivals of its batch.
 */
export function watermarkFigure(trace: Trace, title: string): Figure {
  const events = trace.batches.flatMap((batch) => batch.events);
  const of = (late: boolean) => events.filter((event) => event.late === late);
  const dots = (name: string, late: boolean, colour: string) => ({
    type: "scatter",
    mode: "markers",
    name,
    x: of(late).map(({ arrivalTimeMs }) => arrivalTimeMs),
    y: of(late).map(({ eventTimeMs }) => eventTimeMs),
    marker: { size: late ? 9 : 6, color: colour, symbol: late ? "x" : "circle" },
  });
  const steps = trace.batches.slice(1).flatMap(({ arrivedMs, lateWatermarkMs }, index) => {
    const beforeMs = trace.batches[index]!.arrivedMs;
    return [beforeMs, arrivedMs].map((atMs) => ({ atMs, lateWatermarkMs }));
  });
  return {
    data: [
      dots("in time", false, COLOURS.average),
      dots("too late for a window", true, COLOURS.down),
      {
        type: "scatter",
        mode: "lines",
        name: "watermark for late events",
        x: steps.map(({ atMs }) => atMs),
        y: steps.map(({ lateWatermarkMs }) => lateWatermarkMs),
        line: { color: COLOURS.warning, width: 2 },
      },
    ],
    layout: {
      ...LAYOUT,
      title: titleOf(title),
      height: 430,
      margin: { l: 90, r: 20, t: 75, b: 50 },
      legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom" },
      xaxis: { ...AXIS, type: "date", title: { text: "arrival time (UTC)" } },
      yaxis: { ...AXIS, type: "date", title: { text: "event time (UTC)" } },
    },
  };
}
