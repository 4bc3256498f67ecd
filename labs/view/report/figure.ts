import { AXIS, COLOURS, LAYOUT, type Figure } from "../figure.js";
import type { AlertRow } from "../../store/products.js";
import type { AssetSeries, Lateness } from "./series.js";

/** What the query was asked, as far as the charts say it. */
export interface FigureSettings {
  windowMs: number;
  /** Percent. */
  changeThreshold: number;
  /** Milliseconds. */
  delayMs: number;
}

/**
 * An asset's price with its rolling average, the band of one standard deviation around it, and the
 * windows that changed by the threshold or more; below, the change of every window in percent.
 * A window is drawn at its end, which is when it became known.
 *
 * @param alerts of the asset, to be marked
 */
export function priceFigure(
  series: AssetSeries,
  settings: FigureSettings,
  alerts: readonly AlertRow[] = [],
): Figure {
  const { prices, windows, changes } = series;
  const ends = windows.map(({ window_end }) => window_end);
  const edge = (sign: 1 | -1) =>
    windows.map(({ avg_price, stddev_price }) => avg_price + sign * (stddev_price ?? 0));
  const line = { type: "scatter", mode: "lines" };
  const changeColours = changes.map(({ pct_change }) =>
    pct_change < 0 ? COLOURS.down : COLOURS.up,
  );
  const changeTexts = changes.map(({ pct_change }) => `${pct_change.toFixed(3)} % in the window`);
  const threshold = (percent: number) => ({
    type: "line",
    xref: "paper",
    x0: 0,
    x1: 1,
    yref: "y2",
    y0: percent,
    y1: percent,
    line: { color: "#b7791f", width: 1, dash: "dot" },
  });
  return {
    data: [
      {
        ...line,
        name: series.priceStride > 1 ? `price (one in ${series.priceStride})` : "price",
        x: prices.map(({ event_time }) => event_time),
        y: prices.map(({ price_usd }) => price_usd),
        line: { color: COLOURS.price, width: 1 },
      },
      { ...line, x: ends, y: edge(-1), line: { width: 0 }, showlegend: false, hoverinfo: "skip" },
      {
        ...line,
        name: "average ± 1 standard deviation",
        x: ends,
        y: edge(1),
        line: { width: 0 },
        fill: "tonexty",
        fillcolor: COLOURS.band,
        hoverinfo: "skip",
      },
      {
        ...line,
        name: "rolling average",
        x: ends,
        y: windows.map(({ avg_price }) => avg_price),
        line: { color: COLOURS.average, width: 2 },
      },
      {
        type: "scatter",
        mode: "markers",
        name: `change of ${settings.changeThreshold} % or more`,
        x: changes.map(({ window_end }) => window_end),
        y: changes.map(({ last_price }) => last_price),
        text: changeTexts,
        marker: {
          size: 10,
          color: changeColours,
          symbol: changes.map(({ pct_change }) =>
            pct_change < 0 ? "triangle-down" : "triangle-up",
          ),
          line: { color: "#ffffff", width: 1 },
        },
      },
      ...alertMarkers(alerts),
      {
        ...line,
        name: "change in the window",
        x: ends,
        y: windows.map(({ pct_change }) => pct_change),
        yaxis: "y2",
        line: { color: COLOURS.average, width: 1 },
        showlegend: false,
      },
    ],
    layout: {
      ...LAYOUT,
      height: 560,
      margin: { l: 80, r: 20, t: 40, b: 40 },
      hovermode: "x unified",
      legend: { orientation: "h", y: 1.09, x: 0, traceorder: "normal" },
      xaxis: { ...AXIS, type: "date", anchor: "y2", title: { text: "event time (UTC)" } },
      yaxis: { ...AXIS, domain: [0.34, 1], title: { text: "US dollars" }, hoverformat: ",.6~g" },
      yaxis2: { ...AXIS, domain: [0, 0.24], title: { text: "change, %" }, hoverformat: ".3f" },
      shapes: [threshold(settings.changeThreshold), threshold(-settings.changeThreshold)],
    },
  };
}

/** Anomalies and other alerts, at the price that they were raised at. */
function alertMarkers(alerts: readonly AlertRow[]): Record<string, unknown>[] {
  const anomalies = alerts.filter(({ kind }) => kind === "anomaly");
  const others = alerts.filter(({ kind }) => kind !== "anomaly");
  const markers = (name: string, rows: readonly AlertRow[], symbol: string, color: string) => ({
    type: "scatter",
    mode: "markers",
    name,
    x: rows.map(({ time }) => Date.parse(time)),
    y: rows.map(({ price_usd }) => price_usd),
    // plotly.js takes some tags of HTML in a text: none of the data's may be one.
    text: rows.map(({ rule, text }) => `${rule}: ${text}`.replaceAll("<", "‹")),
    hoverinfo: "x+text",
    marker: { symbol, color, size: 14, line: { width: 3 } },
  });
  return [
    markers("anomaly", anomalies, "diamond-open", COLOURS.warning),
    markers("other alert", others, "circle-open", COLOURS.average),
  ].filter(({ x }) => x.length > 0);
}

const LATENESS_BINS = 60;

/**
 * How late events arrive, as a histogram with a logarithmic count; the last bar holds all that is later
 * than its beginning. The watermark's delay is drawn where it falls within the picture.
 */
export function latenessFigure({ latenessMs }: Lateness, settings: FigureSettings): Figure {
  const sorted = Float64Array.from(latenessMs).sort();
  const low = Math.min(0, sorted[0] ?? 0);
  // The tail of a few very late events must not squeeze all the others into one bar.
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
