import { AXIS, COLOURS, LAYOUT, colourOf, titleOf, type Figure } from "../../view/figure.js";

/** What happened to a record while the programs around a topic were upgraded. */
export interface UpgradedRecord {
  offset: number;
  /** The version of the program that wrote it. */
  writer: "old" | "new";
  /** The version of the program that read it. */
  reader: "old" | "new";
  isRead: boolean;
}

/** The records of several upgrades: a lane for each, a mark for each record, and a label where a side was upgraded. */
export function upgradeFigure(
  upgrades: Readonly<Record<string, readonly UpgradedRecord[]>>,
  title: string,
): Figure {
  const lanes = Object.keys(upgrades);
  const records = lanes.flatMap((lane) => upgrades[lane]!.map((record) => ({ lane, ...record })));
  const series = [
    { name: "read, from an old producer", isRead: true, writer: "old", symbol: "circle-open" },
    { name: "read, from a new producer", isRead: true, writer: "new", symbol: "circle" },
    { name: "rejected, from an old producer", isRead: false, writer: "old", symbol: "x-open" },
    { name: "rejected, from a new producer", isRead: false, writer: "new", symbol: "x" },
  ];
  const labels = lanes.flatMap((lane) =>
    (["writer", "reader"] as const).flatMap((side) => {
      const first = upgrades[lane]!.find((record) => record[side] === "new");
      if (first === undefined) return [];
      return {
        x: first.offset - 0.5,
        y: lane,
        text: side === "writer" ? "new producer" : "new consumer",
        ax: 0,
        ay: -22,
        arrowhead: 2,
        arrowcolor: COLOURS.ink,
        font: { size: 11 },
      };
    }),
  );
  return {
    data: series.map(({ name, isRead, writer, symbol }) => {
      const own = records.filter((each) => each.isRead === isRead && each.writer === writer);
      return {
        type: "scatter",
        mode: "markers",
        name,
        x: own.map(({ offset }) => offset),
        y: own.map(({ lane }) => lane),
        marker: { color: isRead ? colourOf(0) : colourOf(5), symbol, size: 8 },
        hovertemplate: `offset %{x}: ${name}<extra></extra>`,
      };
    }),
    layout: {
      ...LAYOUT,
      title: titleOf(title),
      height: 140 + 56 * lanes.length,
      margin: { l: 130, r: 20, t: 95, b: 45 },
      legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom", traceorder: "normal" },
      xaxis: { ...AXIS, title: { text: "offset" } },
      yaxis: {
        ...AXIS,
        type: "category",
        categoryorder: "array",
        categoryarray: [...lanes].reverse(),
        range: [-0.5, lanes.length - 0.3],
      },
      annotations: labels,
    },
  };
}
