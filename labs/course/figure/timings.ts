import { AXIS, COLOURS, LAYOUT, titleOf, type Figure } from "../../view/figure.js";
import { formatNumber } from "../../view/format.js";

/** The middle value of some numbers; the mean of the two in the middle if their number is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** Repeated measurements in milliseconds: a bar at the median of each series, labelled, and a dot for each run. */
export function timingsFigure(
  runsMs: Readonly<Record<string, readonly number[]>>,
  title: string,
): Figure {
  const names = Object.keys(runsMs);
  const runs = Object.entries(runsMs).flatMap(([name, values]) =>
    values.map((ms) => ({ name, ms })),
  );
  const medians = names.map((name) => median(runsMs[name]!));
  const longestMs = Math.max(...runs.map(({ ms }) => ms));
  return {
    data: [
      {
        type: "bar",
        name: "median",
        x: names,
        y: medians,
        marker: { color: COLOURS.price },
        hovertemplate: "%{y:.0f} ms<extra>median</extra>",
      },
      {
        type: "scatter",
        mode: "markers",
        name: "one run",
        x: runs.map(({ name }) => name),
        y: runs.map(({ ms }) => ms),
        marker: { color: COLOURS.average, size: 8 },
        hovertemplate: "%{y:.0f} ms<extra>one run</extra>",
      },
    ],
    layout: {
      ...LAYOUT,
      title: titleOf(`${title} (measured on the machine that ran this)`),
      height: 380,
      margin: { l: 75, r: 20, t: 70, b: 50 },
      legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom" },
      bargap: 0.4,
      xaxis: { ...AXIS, type: "category" },
      yaxis: { ...AXIS, title: { text: "milliseconds" }, range: [0, longestMs * 1.2] },
      annotations: names.map((name, index) => ({
        x: name,
        y: Math.max(...runsMs[name]!) + longestMs * 0.03,
        text: `median ${formatNumber(Math.round(medians[index]!))} ms`,
        showarrow: false,
        yanchor: "bottom",
        font: { size: 13, color: COLOURS.ink },
      })),
    },
  };
}
