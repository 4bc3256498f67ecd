import { AXIS, COLOURS, LAYOUT, colourOf, titleOf, type Figure } from "../../view/figure.js";

/** The relative luminance of a colour such as #0072b2 (WCAG 2.1). */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

/** Black or white: the one that is easier to read on a colour. Its contrast is at least 4.5 : 1. */
export const inkOn = (colour: string): string =>
  luminance(colour) > 0.179 ? "#000000" : "#ffffff";

interface Box {
  x: number | string;
  y: string;
  text: string;
}

/** Boxes with a text in each; all boxes of a series have the same colour. */
const boxes = (name: string, places: readonly Box[], colour: string, size: number) => ({
  type: "scatter",
  mode: "markers+text",
  name,
  x: places.map(({ x }) => x),
  y: places.map(({ y }) => y),
  text: places.map(({ text }) => text),
  textfont: { color: inkOn(colour), size: 11 },
  marker: { size, symbol: "square", color: colour },
});

/** An axis with a lane for each name, the first at the top. */
const lanes = (names: readonly string[]) => ({
  ...AXIS,
  type: "category",
  categoryorder: "array",
  categoryarray: [...names].reverse(),
  range: [-0.6, names.length - 0.4],
});

/** The records of a topic: a lane for each partition, a box at the offset of each record, a colour for each key. */
export function partitionsFigure(
  records: readonly { partition: number; offset: number; key: string }[],
  partitions: number,
  title: string,
): Figure {
  const keys = [...new Set(records.map(({ key }) => key))].sort();
  const last = Math.max(0, ...records.map(({ offset }) => offset));
  const laneOf = (partition: number) => `partition ${partition}`;
  return {
    data: keys.map((key, index) => {
      const places = records
        .filter((record) => record.key === key)
        .map(({ partition, offset }) => ({ x: offset, y: laneOf(partition), text: `${offset}` }));
      return {
        ...boxes(key, places, colourOf(index), Math.min(26, 620 / (last + 1))),
        hovertemplate: `${key}, offset %{x}<extra></extra>`,
      };
    }),
    layout: {
      ...LAYOUT,
      title: titleOf(title),
      height: 170 + 50 * partitions,
      margin: { l: 90, r: 20, t: 90, b: 45 },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
      xaxis: { ...AXIS, title: { text: "offset" }, range: [-0.7, last + 0.7] },
      yaxis: lanes(Array.from({ length: partitions }, (_, partition) => laneOf(partition))),
    },
  };
}

/**
 * Who reads what in a consumer group: a column for each state of the group, a lane for each partition, and in each box the
 * member that reads the partition. Members without a partition are in the lane at the bottom.
 *
 * @param states for each state its partitions, by member id; members are numbered in the order in which they appear
 */
export function groupFigure(
  states: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>,
  partitions: number,
  title: string,
): Figure {
  const names = Object.keys(states);
  const lane = (partition: number) => `partition ${partition}`;
  const IDLE = "no partition";
  const members = [...new Set(Object.values(states).flatMap((shares) => Object.keys(shares)))];
  return {
    data: members.map((id, index) => {
      const name = `member ${index + 1}`;
      const places = names.flatMap((x) => {
        const share = states[x]![id];
        if (share === undefined) return [];
        const rows = share.length === 0 ? [IDLE] : share.map(lane);
        return rows.map((y) => ({ x, y, text: name }));
      });
      return {
        ...boxes(name, places, colourOf(index), 66),
        hovertemplate: "%{x}: %{y}<extra>%{text}</extra>",
      };
    }),
    layout: {
      ...LAYOUT,
      title: titleOf(title),
      height: 110 + 80 * (partitions + 1),
      margin: { l: 100, r: 20, t: 50, b: 45 },
      showlegend: false,
      xaxis: {
        ...AXIS,
        type: "category",
        categoryorder: "array",
        categoryarray: names,
        range: [-0.5, names.length - 0.5],
      },
      yaxis: lanes([
        ...Array.from({ length: partitions }, (_, partition) => lane(partition)),
        IDLE,
      ]),
      shapes: [separator(names.length)],
    },
  };
}

/** A line above the lowest lane. */
const separator = (columns: number) => ({
  type: "line",
  x0: -0.5,
  x1: columns - 0.5,
  y0: 0.5,
  y1: 0.5,
  line: { color: COLOURS.ink, width: 1, dash: "dot" },
});
