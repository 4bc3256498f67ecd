import { AXIS, COLOURS, LAYOUT, colourOf, titleOf, type Figure } from "../../view/figure.js";

/** A series of a chart; x and y have the same length. */
export interface Series {
  x: readonly (number | string)[];
  y: readonly (number | null)[];
  /** `steps` keeps each value until the next one; `dots` are not connected. A line by default. */
  draw?: "line" | "steps" | "dots" | "line and dots";
  /** A text beside each point, for short series. */
  labels?: readonly string[];
  colour?: string;
}

/** The texts of a chart and the scales of its axes. */
export interface ChartText {
  title: string;
  /** The titles of the axes, with units. */
  x: string;
  y: string;
  /** x is milliseconds since the epoch, shown as times. */
  time?: boolean;
  logX?: boolean;
  logY?: boolean;
  height?: number;
}

type Key<R> = { [K in keyof R]: R[K] extends number | string | null ? K : never }[keyof R];

/** A series made of two fields of rows. */
export function points<R extends object>(
  rows: readonly R[],
  x: Key<R>,
  y: Key<R>,
  draw: Series["draw"] = "line and dots",
  colour?: string,
): Series {
  return {
    x: rows.map((row) => row[x] as number | string),
    y: rows.map((row) => row[y] as number | null),
    draw,
    colour,
  };
}

const MODES = { line: "lines", steps: "lines", dots: "markers", "line and dots": "lines+markers" };

function layoutOf({ title, x, y, time, logX, logY, height = 380 }: ChartText) {
  return {
    ...LAYOUT,
    title: titleOf(title),
    height,
    margin: { l: 75, r: 20, t: 70, b: 50 },
    legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom", traceorder: "normal" },
    xaxis: { ...AXIS, type: time ? "date" : logX ? "log" : "-", title: { text: x } },
    yaxis: { ...AXIS, type: logY ? "log" : "-", title: { text: y } },
  };
}

/** The maximum number of points of a series: more would only make the saved notebook larger. */
const MAX_POINTS = 1_500;

/** Every n-th point of a long series, and the last one. */
function thinned({ x, y }: Series): Pick<Series, "x" | "y"> {
  const stride = Math.ceil(x.length / MAX_POINTS);
  if (stride <= 1) return { x, y };
  const isKept = (_: unknown, index: number) => index % stride === 0 || index === x.length - 1;
  return { x: x.filter(isKept), y: y.filter(isKept) };
}

/** Series over a common axis. */
export function lineChart(series: Readonly<Record<string, Series>>, text: ChartText): Figure {
  const entries = Object.entries(series);
  return {
    data: entries.map(([name, each], index) => {
      const { draw = "line", colour, labels } = each;
      // On the side of the line that is free.
      const falls = Number(each.y.at(-1)) < Number(each.y[0]);
      const isReversed = Number(each.x.at(-1)) < Number(each.x[0]);
      const textposition = falls === isReversed ? "bottom right" : "top right";
      return {
        type: "scatter",
        mode: labels === undefined ? MODES[draw] : `${MODES[draw]}+text`,
        ...(labels === undefined ? {} : { text: labels, textposition, cliponaxis: false }),
        name,
        ...thinned(each),
        line: {
          color: colour ?? colourOf(index),
          width: 2,
          ...(draw === "steps" ? { shape: "hv" } : {}),
        },
        marker: { color: colour ?? colourOf(index), size: 6 },
      };
    }),
    layout: {
      ...layoutOf(text),
      showlegend: entries.length > 1,
      hovermode: "x unified",
    },
  };
}

/** A bar for each name. */
export const barChart = (values: Readonly<Record<string, number>>, text: ChartText): Figure =>
  groupedBars(Object.keys(values), { [text.y]: Object.values(values) }, text);

/** Bars by category, side by side for each series, or stacked. */
export function groupedBars(
  categories: readonly string[],
  series: Readonly<Record<string, readonly (number | null)[]>>,
  text: ChartText,
  stacked = false,
): Figure {
  const entries = Object.entries(series);
  return {
    data: entries.map(([name, y], index) => ({
      type: "bar",
      name,
      x: categories,
      y,
      marker: { color: colourOf(index) },
    })),
    layout: {
      ...layoutOf(text),
      xaxis: { ...AXIS, type: "category", title: { text: text.x } },
      // By default the legend of stacked bars is in reverse order.
      legend: { ...layoutOf(text).legend, traceorder: "normal" },
      barmode: stacked ? "stack" : "group",
      bargap: 0.25,
      showlegend: entries.length > 1,
    },
  };
}

/** The number of values in bins of equal width; the last bin also counts all larger values. */
export function histogram(
  values: readonly number[],
  { bin, max }: { bin: number; max: number },
  text: ChartText,
): Figure {
  const counts = new Array<number>(Math.ceil(max / bin) + 1).fill(0);
  for (const value of values) {
    const index = Math.floor(Math.max(0, value) / bin);
    counts[Math.min(counts.length - 1, index)]!++;
  }
  return {
    data: [
      {
        type: "bar",
        x: counts.map((_, index) => (index + 0.5) * bin),
        y: counts,
        marker: { color: COLOURS.lateness },
      },
    ],
    layout: { ...layoutOf(text), bargap: 0.05, showlegend: false },
  };
}
