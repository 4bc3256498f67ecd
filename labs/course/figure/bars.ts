import { AXIS, LAYOUT, colourOf, titleOf, type Figure } from "../../view/figure.js";

/** Horizontal bars with their values as labels. */
export function labelledBars(
  values: Readonly<Record<string, number>>,
  text: { title: string; x: string },
): Figure {
  const names = Object.keys(values);
  const x = Object.values(values);
  const labels = x.map((value) =>
    value.toLocaleString("en-US", { maximumFractionDigits: value < 100 ? 1 : 0 }),
  );
  return {
    data: [
      { type: "bar", orientation: "h", x, y: names, marker: { color: colourOf(4) } },
      {
        // The labels, to the right of each bar.
        type: "scatter",
        mode: "text",
        x,
        y: names,
        text: labels.map((label) => ` ${label} `),
        textposition: "middle right",
        hoverinfo: "skip",
      },
    ],
    layout: {
      ...LAYOUT,
      title: titleOf(text.title),
      height: 130 + 36 * names.length,
      margin: { l: 150, r: 20, t: 60, b: 50 },
      bargap: 0.3,
      showlegend: false,
      xaxis: {
        ...AXIS,
        title: { text: text.x },
        range: [0, Math.max(...x) * 1.15],
        tickformat: ",~f",
      },
      yaxis: { type: "category", categoryorder: "array", categoryarray: [...names].reverse() },
    },
  };
}
