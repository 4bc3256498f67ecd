import type { AlertRow, PriceRow, WindowRow } from "../../store/products.js";
import { AXIS, COLOURS, LAYOUT, axisIn, layoutIn, type Colours, type Figure } from "../figure.js";
import type { Lateness } from "./series.js";

export interface FigureSettings {
  windowMs: number;
  /** Percent. */
  changeThreshold: number;
  delayMs: number;
}

/** The part of a window that charts and tables show. */
export type ChartedWindow = Pick<
  WindowRow,
  "window_end" | "avg_price" | "stddev_price" | "last_price" | "pct_change"
>;

/** The part of an asset's series that the price chart needs. */
export interface ChartedSeries {
  prices: readonly Pick<PriceRow, "event_time" | "price_usd">[];
  windows: readonly ChartedWindow[];
  /** The windows that changed by the threshold or more. */
  changes: readonly ChartedWindow[];
  /** Every n-th price is shown. */
  priceStride: number;
}

export interface PriceFigureOptions {
  alerts?: readonly AlertRow[];
  colours?: Colours;
  /** Whether a second panel shows the change of every window. */
  hasChangePanel?: boolean;
}

/**
 * An asset's price with its rolling average, a band of one standard deviation around it, and marks at the windows that
 * changed by the threshold or more; in a panel below, the change of every window in percent. A window is drawn at its
 * end, which is when it became known. The report, the live page and the notebooks all draw this figure.
 */
export function priceFigure(
  series: ChartedSeries,
  { changeThreshold }: FigureSettings,
  { alerts = [], colours = COLOURS, hasChangePanel = true }: PriceFigureOptions = {},
): Figure {
  const { prices, windows, changes } = series;
  const ends = windows.map(({ window_end }) => window_end);
  const edge = (sign: 1 | -1) =>
    windows.map(({ avg_price, stddev_price }) => avg_price + sign * (stddev_price ?? 0));
  const line = { type: "scatter", mode: "lines" };
  // Without an outline, the band of a quiet market is hidden by the average.
  const outline = { color: colours.band, width: 1 };
  const data = [
    {
      ...line,
      name: series.priceStride > 1 ? `price (one in ${series.priceStride})` : "price",
      x: prices.map(({ event_time }) => event_time),
      y: prices.map(({ price_usd }) => price_usd),
      line: { color: colours.price, width: 1 },
    },
    { ...line, x: ends, y: edge(-1), line: outline, showlegend: false, hoverinfo: "skip" },
    {
      ...line,
      name: "average ± 1 standard deviation",
      x: ends,
      y: edge(1),
      line: outline,
      fill: "tonexty",
      fillcolor: colours.band,
      hoverinfo: "skip",
    },
    {
      ...line,
      name: "rolling average",
      x: ends,
      y: windows.map(({ avg_price }) => avg_price),
      line: { color: colours.average, width: 2 },
    },
    {
      type: "scatter",
      mode: "markers",
      name: `change of ${changeThreshold} % or more`,
      x: changes.map(({ window_end }) => window_end),
      y: changes.map(({ last_price }) => last_price),
      text: changes.map(({ pct_change }) => `${pct_change.toFixed(3)} % in the window`),
      marker: {
        size: 10,
        color: changes.map(({ pct_change }) => (pct_change < 0 ? colours.down : colours.up)),
        symbol: changes.map(({ pct_change }) => (pct_change < 0 ? "triangle-down" : "triangle-up")),
        line: { color: colours.ground, width: 1 },
      },
    },
    ...alertMarkers(alerts, colours),
  ];
  if (!hasChangePanel) return { data, layout: onePanel(colours) };
  const changePanel = {
    ...line,
    name: "change in the window",
    x: ends,
    y: windows.map(({ pct_change }) => pct_change),
    yaxis: "y2",
    line: { color: colours.average, width: 1 },
    showlegend: false,
  };
  return { data: [...data, changePanel], layout: twoPanels(changeThreshold, colours) };
}

function onePanel(colours: Colours): Figure["layout"] {
  const axis = axisIn(colours);
  return {
    ...layoutIn(colours),
    height: 420,
    margin: { l: 70, r: 10, t: 10, b: 50 },
    legend: { orientation: "h", y: -0.15 },
    xaxis: { ...axis, type: "date" },
    yaxis: { ...axis, title: { text: "US dollars" } },
  };
}

function twoPanels(changeThreshold: number, colours: Colours): Figure["layout"] {
  const axis = axisIn(colours);
  const threshold = (percent: number) => ({
    type: "line",
    xref: "paper",
    x0: 0,
    x1: 1,
    yref: "y2",
    y0: percent,
    y1: percent,
    line: { color: colours.warning, width: 1, dash: "dot" },
  });
  return {
    ...layoutIn(colours),
    height: 560,
    margin: { l: 80, r: 20, t: 40, b: 40 },
    hovermode: "x unified",
    legend: { orientation: "h", y: 1.09, x: 0, traceorder: "normal" },
    xaxis: { ...axis, type: "date", anchor: "y2", title: { text: "event time (UTC)" } },
    yaxis: { ...axis, domain: [0.34, 1], title: { text: "US dollars" }, hoverformat: ",.6~g" },
    yaxis2: { ...axis, domain: [0, 0.24], title: { text: "change, %" }, hoverformat: ".3f" },
    shapes: [threshold(changeThreshold), threshold(-changeThreshold)],
  };
}

/** Anomalies and other alerts, at the price at which they were raised. */
function alertMarkers(
  alerts: readonly AlertRow[],
  { warning, average }: Colours,
): Record<string, unknown>[] {
  const anomalies = alerts.filter(({ kind }) => kind === "anomaly");
  const others = alerts.filter(({ kind }) => kind !== "anomaly");
  const markers = (name: string, rows: readonly AlertRow[], symbol: string, color: string) => ({
    type: "scatter",
    mode: "markers",
    name,
    x: rows.map(({ time }) => Date.parse(time)),
    y: rows.map(({ price_usd }) => price_usd),
    // plotly.js interprets some HTML tags in texts, so the data must be escaped.
    text: rows.map(({ rule, text }) => `${rule}: ${text}`.replaceAll("<", "‹")),
    hoverinfo: "x+text",
    marker: { symbol, color, size: 14, line: { width: 3 } },
  });
  return [
    markers("anomaly", anomalies, "diamond-open", warning),
    markers("other alert", others, "circle-open", average),
  ].filter(({ x }) => x.length > 0);
}

const LATENESS_BINS = 60;

/**
 * How late events arrive, as a histogram with a logarithmic count; the last bar holds everything later
 * than its start. The watermark's delay is marked if it is within the range.
 */
export function latenessFigure({ latenessMs }: Lateness, settings: FigureSettings): Figure {
  const sorted = Float64Array.from(latenessMs).sort();
  const low = Math.min(0, sorted[0] ?? 0);
  // A few very late events must not squeeze all others into one bar.
  const high = sorted[Math.floor(sorted.length * 0.999)] ?? 1;
  const binMs = Math.max(1, Math.ceil((high - low) / LATENESS_BINS));
  const counts = new Array<number>(Math.floor((high - low) / binMs) + 1).fill(0);
  for (const ms of latenessMs)
    counts[Math.min(counts.length - 1, Math.floor((ms - low) / binMs))]!++;
  const drawDelay = settings.delayMs <= low + counts.length * binMs;
  return {
    data: [
      {
        type: "bar",
        x: counts.map((_, index) => (low + (index + 0.5) * binMs) / 1_000),
        y: counts,
        customdata: counts.map((_, index) => {
          const from = (low + index * binMs) / 1_000;
          return index === counts.length - 1
            ? `${from} s or more`
            : `${from} to ${from + binMs / 1_000} s`;
        }),
        hovertemplate: "%{customdata}: %{y} events<extra></extra>",
        marker: { color: COLOURS.lateness },
      },
    ],
    layout: {
      ...LAYOUT,
      height: 320,
      margin: { l: 80, r: 20, t: 20, b: 50 },
      bargap: 0.05,
      xaxis: { ...AXIS, title: { text: "arrival time − event time, seconds" } },
      yaxis: { ...AXIS, type: "log", title: { text: "events (log scale)" } },
      shapes: drawDelay
        ? [
            {
              type: "line",
              x0: settings.delayMs / 1_000,
              x1: settings.delayMs / 1_000,
              yref: "paper",
              y0: 0,
              y1: 1,
              line: { color: COLOURS.down, width: 2, dash: "dash" },
              label: { text: "the watermark's delay", textposition: "end", textangle: 0 },
            },
          ]
        : [],
    },
  };
}
