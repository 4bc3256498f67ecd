import { COLOURS, LAYOUT, titleOf, type Figure } from "../../view/figure.js";

/** Light enough for black text, and distinguishable with colour blindness. */
const KINDS = { no: "#f5b482", other: "#e4e7eb", yes: "#a5d3ee" };
const CHARACTER_PX = 7.3;
/** Invisible ticks keep the labels away from the boxes. */
const LABELS = { type: "category", ticks: "outside", tickcolor: COLOURS.ground, showgrid: false };

/** `yes` and `no` may be followed by more words. */
const kindOf = (text: string) => (/^(yes|no)\b/.exec(text)?.[0] ?? "other") as keyof typeof KINDS;

/**
 * A table of answers in colours: what begins with `yes` is blue, what begins with `no` is orange, anything else is grey.
 *
 * @param answers the answers of each row by column; all rows have the same columns. True is `yes`, false is `no`
 */
export function verdictsFigure(
  answers: Readonly<Record<string, Readonly<Record<string, string | boolean>>>>,
  title: string,
): Figure {
  const rows = Object.keys(answers);
  const columns = Object.keys(Object.values(answers)[0] ?? {});
  const textOf = (answer: string | boolean | undefined) =>
    typeof answer === "boolean" ? (answer ? "yes" : "no") : (answer ?? "");
  const texts = rows.map((row) => columns.map((column) => textOf(answers[row]![column])));
  const kinds = Object.keys(KINDS) as (keyof typeof KINDS)[];
  const last = kinds.length - 1;
  const widest = Math.max(...rows.map(({ length }) => length));
  const headLines = Math.max(...columns.map((column) => column.split("<br>").length));
  return {
    data: [
      {
        type: "heatmap",
        x: columns,
        y: rows,
        z: texts.map((row) => row.map((text) => kinds.indexOf(kindOf(text)))),
        zmin: 0,
        zmax: last,
        colorscale: kinds.map((kind, index) => [index / last, KINDS[kind]]),
        showscale: false,
        text: texts,
        texttemplate: "%{text}",
        textfont: { color: COLOURS.ink, size: 12 },
        xgap: 3,
        ygap: 3,
        hovertemplate: "%{y}, %{x}: %{text}<extra></extra>",
      },
    ],
    layout: {
      ...LAYOUT,
      title: titleOf(title),
      height: 75 + 18 * headLines + 32 * rows.length,
      margin: { l: 25 + widest * CHARACTER_PX, r: 20, t: 60 + 18 * headLines, b: 15 },
      xaxis: { ...LABELS, side: "top" },
      yaxis: {
        ...LABELS,
        categoryorder: "array",
        categoryarray: [...rows].reverse(),
      },
    },
  };
}
