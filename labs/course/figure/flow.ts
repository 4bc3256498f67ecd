import { COLOURS, LAYOUT, titleOf, type Figure } from "../../view/figure.js";

/** The narrowest width at which the texts still fit into their boxes, in pixels. */
const MIN_WIDTH = 740;
/** The width of a box; the rest is the arrow to the next one. */
const BOX = 0.84;
const PADDING_PX = 6;
/** The mean width of a character of the descriptions, whose size is 12 pixels. */
const CHARACTER_PX = 6.4;
const LINE_PX = 16;

/** Breaks a text into lines of at most so many characters, unless a word is longer. A `<br>` counts as a space. */
function lines(text: string, most: number): string[] {
  const wrapped: string[] = [];
  for (const word of text.split(/\s+|<br>/)) {
    const line = wrapped.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= most) {
      wrapped[wrapped.length - 1] = `${line} ${word}`;
    } else wrapped.push(word);
  }
  return wrapped;
}

/** How data flows: boxes from left to right with arrows between them, each with a name and a description. */
export function flowFigure(
  steps: readonly { name: string; does: string }[],
  title: string,
): Figure {
  const inside = (MIN_WIDTH / steps.length) * BOX - 2 * PADDING_PX;
  const described = steps.map(({ does }) => lines(does, Math.floor(inside / CHARACTER_PX)));
  const most = Math.max(...described.map(({ length }) => length));
  const boxes = steps.map((_, index) => ({
    type: "rect",
    x0: index,
    x1: index + BOX,
    y0: 0,
    y1: 1,
    line: { color: COLOURS.average, width: 1.5 },
    fillcolor: "#f5f7fa",
  }));
  const texts = steps.map(({ name }, index) => ({
    x: index + BOX / 2,
    y: 0.5,
    text: [`<b>${name}</b>`, "", ...described[index]!].join("<br>"),
    showarrow: false,
    font: { size: 12 },
  }));
  const arrows = steps.slice(1).map((_, index) => ({
    x: index + 1,
    y: 0.5,
    ax: index + BOX,
    ay: 0.5,
    xref: "x",
    yref: "y",
    axref: "x",
    ayref: "y",
    text: "",
    arrowhead: 2,
    arrowwidth: 1.5,
    arrowcolor: COLOURS.ink,
  }));
  const hidden = { visible: false, fixedrange: true };
  return {
    data: [],
    layout: {
      ...LAYOUT,
      title: titleOf(title),
      height: 60 + (most + 4) * LINE_PX,
      margin: { l: 10, r: 10, t: 50, b: 10 },
      xaxis: { ...hidden, range: [-0.02, steps.length - 1 + BOX + 0.02] },
      yaxis: { ...hidden, range: [-0.02, 1.02] },
      shapes: boxes,
      annotations: [...texts, ...arrows],
    },
  };
}
