import type { FileMetaData } from "hyparquet";
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

function spansFigure(
  spans: readonly Span[],
  lanes: readonly string[],
  title: string,
  x: string,
): Figure {
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
      margin: { l: 125, r: 20, t: 85, b: 45 },
      barmode: "overlay",
      bargap: 0.3,
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
      xaxis: { ...AXIS, title: { text: x }, tickformat: ",d", nticks: 8 },
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

/** The bytes after the footer: its length and the magic number `PAR1`. */
const TAIL_BYTES = 8;

/**
 * The layout of a Parquet file: a lane for each row group with a box for each column chunk, and the footer at the end. With
 * `reads`, one more lane shows the parts of the file that were read.
 */
export function parquetFigure(
  metadata: FileMetaData,
  fileBytes: number,
  title: string,
  reads: readonly { from: number; to: number }[] = [],
): Figure {
  const chunks = metadata.row_groups.flatMap(({ columns }, group) =>
    columns.flatMap(({ meta_data: meta }, column): Span[] => {
      if (meta === undefined) return [];
      const name = meta.path_in_schema.join(".");
      const from = Number(meta.dictionary_page_offset ?? meta.data_page_offset);
      const length = Number(meta.total_compressed_size);
      const lane = `row group ${group}`;
      const hover = `${name}, ${bytes(length)}`;
      return [{ name, from, to: from + length, lane, colour: colourOf(column), hover }];
    }),
  );
  const end: Span = {
    name: "footer",
    from: fileBytes - metadata.metadata_length - TAIL_BYTES,
    to: fileBytes,
    lane: "footer",
    colour: COLOURS.ink,
    outline: COLOURS.ink,
    hover: `footer, ${bytes(metadata.metadata_length)}`,
  };
  const seen = reads.map(({ from, to }): Span => ({
    name: "bytes read",
    from,
    to,
    lane: "bytes read",
    colour: COLOURS.down,
    outline: COLOURS.down,
    hover: `read: ${bytes(to - from)}`,
  }));
  const lanes = [
    ...metadata.row_groups.map((_, group) => `row group ${group}`),
    "footer",
    ...(reads.length === 0 ? [] : ["bytes read"]),
  ];
  return spansFigure([...chunks, end, ...seen], lanes, title, "position in the file (bytes)");
}

/** The blocks of a file, and the files that a DataNode stores for them. */
export function blocksFigure(
  blocks: readonly { offset: number; bytes: number }[],
  title: string,
): Figure {
  const spans = blocks.flatMap(({ offset, bytes: length }, index): Span[] => {
    const block = { name: `block ${index + 1}`, colour: colourOf(index), hover: bytes(length) };
    return [
      { ...block, from: offset, to: offset + length, lane: "file on HDFS" },
      { ...block, from: 0, to: length, lane: `on disk: block ${index + 1}` },
    ];
  });
  const lanes = ["file on HDFS", ...blocks.map((_, index) => `on disk: block ${index + 1}`)];
  return spansFigure(spans, lanes, title, "position in each file (bytes)");
}
