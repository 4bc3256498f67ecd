import { AXIS, LAYOUT, colourOf, titleOf, type Figure } from "../../view/figure.js";
import { inkOn } from "./partitions.js";

const BYTES_PER_ROW = 14;
const BOX_PX = 42;

/** The bytes of a record, in rows: a box for each byte, with the byte in hexadecimal, and a colour for each part of the record. */
export function bytesFigure(
  parts: readonly { name: string; bytes: Uint8Array }[],
  title: string,
): Figure {
  const starts: number[] = [];
  let length = 0;
  for (const { bytes } of parts) {
    starts.push(length);
    length += bytes.length;
  }
  const rows = Math.ceil(length / BYTES_PER_ROW);
  return {
    data: parts.map(({ name, bytes }, index) => {
      const positions = Array.from(bytes, (_, at) => starts[index]! + at);
      const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
      return {
        type: "scatter",
        mode: "markers+text",
        name,
        x: positions.map((position) => position % BYTES_PER_ROW),
        y: positions.map((position) => Math.floor(position / BYTES_PER_ROW)),
        text: hex,
        textfont: { color: inkOn(colourOf(index)), size: 14, family: "monospace" },
        marker: { size: BOX_PX, symbol: "square", color: colourOf(index) },
        customdata: positions,
        hovertemplate: `byte %{customdata} of ${length}, ${name}<extra></extra>`,
      };
    }),
    layout: {
      ...LAYOUT,
      title: titleOf(title),
      height: 130 + (BOX_PX + 8) * rows,
      margin: { l: 60, r: 20, t: 75, b: 45 },
      legend: {
        orientation: "h",
        x: 0,
        y: 1,
        yanchor: "bottom",
        traceorder: "normal",
        itemsizing: "constant",
      },
      xaxis: {
        ...AXIS,
        showgrid: false,
        title: { text: "position in the row" },
        dtick: 1,
        range: [-0.6, BYTES_PER_ROW - 0.4],
      },
      yaxis: {
        ...AXIS,
        showgrid: false,
        tickvals: Array.from({ length: rows }, (_, row) => row),
        ticktext: Array.from({ length: rows }, (_, row) => `byte ${row * BYTES_PER_ROW}`),
        range: [rows - 0.5, -0.5],
      },
    },
  };
}
