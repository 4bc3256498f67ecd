import type { LogRecord } from "../../log/log.js";
import { AXIS, LAYOUT, colourOf, titleOf, type Figure } from "../../view/figure.js";

/**
 * The records of a topic: a lane for each partition, a box at the offset of each record, a colour for each key.
 *
 * @param partitions the records of each partition, in order
 */
export function partitionsFigure(
  partitions: readonly (readonly LogRecord[])[],
  title: string,
): Figure {
  const keys = [...new Set(partitions.flat().map(({ key }) => key))].sort();
  const longest = Math.max(...partitions.map(({ length }) => length));
  return {
    data: keys.map((key, index) => {
      const places = partitions.flatMap((records, partition) =>
        records.filter((record) => record.key === key).map(({ offset }) => ({ offset, partition })),
      );
      return {
        type: "scatter",
        mode: "markers+text",
        name: key,
        x: places.map(({ offset }) => offset),
        y: places.map(({ partition }) => `partition ${partition}`),
        text: places.map(({ offset }) => String(offset)),
        textfont: { color: "#ffffff", size: 11 },
        hovertemplate: `${key}, offset %{x}<extra></extra>`,
        marker: { size: Math.min(26, 620 / longest), symbol: "square", color: colourOf(index) },
      };
    }),
    layout: {
      ...LAYOUT,
      title: titleOf(title),
      height: 170 + 50 * partitions.length,
      margin: { l: 90, r: 20, t: 90, b: 45 },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
      xaxis: { ...AXIS, title: { text: "offset" }, range: [-0.7, longest - 0.3] },
      yaxis: {
        ...AXIS,
        type: "category",
        categoryorder: "array",
        categoryarray: partitions.map((_, partition) => `partition ${partition}`).reverse(),
        range: [-0.6, partitions.length - 0.4],
      },
    },
  };
}
