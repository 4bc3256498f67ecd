import { AXIS, COLOURS, LAYOUT, colourOf, titleOf, type Figure } from "../../view/figure.js";

/** Horizontal bars with their values as labels. `range` draws the smallest and the largest value of each bar. */
export function labelledBars(
  values: Readonly<Record<string, number>>,
  text: { title: string; x: string; unit?: string },
  range?: Readonly<Record<string, readonly [min: number, max: number]>>,
): Figure {
  const names = Object.keys(values);
  const x = Object.values(values);
  const max = Math.max(...names.map((name, index) => range?.[name]?.[1] ?? x[index]!));
  const labels = x.map((value) =>
    value.toLocaleString("en-US", { maximumFractionDigits: value < 100 ? 1 : 0 }),
  );
  return {
    data: [
      {
        type: "bar",
        orientation: "h",
        x,
        y: names,
        marker: { color: colourOf(4) }, // light, so that the ranges are visible on it
        ...(range === undefined
          ? {}
          : {
              error_x: {
                type: "data",
                symmetric: false,
                array: names.map((name, index) => range[name]![1] - x[index]!),
                arrayminus: names.map((name, index) => x[index]! - range[name]![0]),
                color: COLOURS.ink,
                thickness: 1.5,
              },
            }),
      },
      {
        // The labels, to the right of each bar and its range.
        type: "scatter",
        mode: "text",
        x: names.map((name, index) => range?.[name]?.[1] ?? x[index]!),
        y: names,
        text: labels.map((label) => ` ${label} ${text.unit ?? ""}`),
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
      xaxis: { ...AXIS, title: { text: text.x }, range: [0, max * 1.15], tickformat: ",~f" },
      yaxis: { type: "category", categoryorder: "array", categoryarray: [...names].reverse() },
    },
  };
}

/** Repeated durations in milliseconds: the median of each as a bar, with its label and its fastest and slowest repeat. */
export function timingChart(
  durations: Readonly<Record<string, readonly number[]>>,
  title: string,
): Figure {
  const sorted = Object.entries(durations).map(
    ([name, each]) => [name, [...each].sort((a, b) => a - b)] as const,
  );
  const repeats = Math.max(...sorted.map(([, each]) => each.length));
  return labelledBars(
    Object.fromEntries(sorted.map(([name, each]) => [name, each[Math.floor(each.length / 2)]!])),
    {
      title,
      x: `time in ms (bar and label: median of ${repeats} runs; line: fastest to slowest)`,
      unit: "ms",
    },
    Object.fromEntries(sorted.map(([name, each]) => [name, [each[0]!, each.at(-1)!]])),
  );
}
