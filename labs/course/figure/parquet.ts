import type { CountedFile, Footer } from "../lesson/footer.js";
import { AXIS, COLOURS, LAYOUT, colourOf, titleOf, type Figure } from "../../view/figure.js";

interface Span {
  name: string;
  from: number;
  to: number;
  lane: string;
  colour: string;
  /** White by default, which would hide narrow spans. */
  outline?: string;
  hover: string;
}

function spansFigure(spans: readonly Span[], lanes: readonly string[], title: string): Figure {
  const names = [...new Set(spans.map(({ name }) => name))];
  return {
    data: names.map((name) => {
      const own = spans.filter((span) => span.name === name);
      return {
        type: "bar",
        orientation: "h",
        name,
        base: own.map(({ from }) => from),
        x: own.map(({ from, to }) => to - from),
        y: own.map(({ lane }) => lane),
        marker: { color: own[0]!.colour, line: { color: own[0]!.outline ?? "#ffffff", width: 1 } },
        text: own.map(({ hover }) => hover),
        textposition: "none",
        hovertemplate: "%{text}<extra></extra>",
      };
    }),
    layout: {
      ...LAYOUT,
      title: titleOf(title),
      height: 150 + 34 * lanes.length,
      margin: { l: 110, r: 20, t: 85, b: 45 },
      barmode: "overlay",
      bargap: 0.3,
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
      xaxis: { ...AXIS, title: { text: "position in the file, bytes" } },
      yaxis: {
        type: "category",
        categoryorder: "array",
        categoryarray: [...lanes].reverse(),
        gridcolor: COLOURS.grid,
      },
    },
  };
}

const bytes = (count: number) => `${count.toLocaleString("en-US")} bytes`;

/**
 * The layout of a Parquet file: a lane for each row group with a box for each column chunk, and the footer at the end. With
 * `read`, one more lane shows the parts of the file that were read.
 */
export function parquetFigure(footer: Footer, title: string, read?: CountedFile): Figure {
  const columns = [...new Set(footer.chunks.map(({ column }) => column))];
  const lanes = [
    ...footer.rowGroups.map((_, group) => `row group ${group}`),
    "footer",
    ...(read === undefined ? [] : ["was read"]),
  ];
  const chunks = footer.chunks.map(({ column, rowGroup, position, bytes: length }): Span => ({
    name: column,
    from: position,
    to: position + length,
    lane: `row group ${rowGroup}`,
    colour: colourOf(columns.indexOf(column)),
    hover: `${column}, ${bytes(length)}`,
  }));
  const { fileBytes, footerBytes } = footer;
  const end: Span = {
    name: "footer",
    from: fileBytes - footerBytes - 8,
    to: fileBytes,
    lane: "footer",
    colour: COLOURS.ink,
    outline: COLOURS.ink,
    hover: `footer, ${bytes(footerBytes)}`,
  };
  const seen = (read?.reads ?? []).map(({ from, to }): Span => ({
    name: "was read",
    from,
    to,
    lane: "was read",
    colour: COLOURS.down,
    hover: `read: ${bytes(to - from)}`,
  }));
  return spansFigure([...chunks, end, ...seen], lanes, title);
}

/** The blocks of a file, and the files that a DataNode stores for them. */
export function blocksFigure(
  blocks: readonly { offset: number; bytes: number }[],
  title: string,
): Figure {
  const spans = blocks.flatMap(({ offset, bytes: length }, index): Span[] => {
    const block = { name: `block ${index + 1}`, colour: colourOf(index), hover: bytes(length) };
    return [
      { ...block, from: offset, to: offset + length, lane: "the file" },
      { ...block, from: 0, to: length, lane: `on the disk: ${index + 1}` },
    ];
  });
  const lanes = ["the file", ...blocks.map((_, index) => `on the disk: ${index + 1}`)];
  return spansFigure(spans, lanes, title);
}
