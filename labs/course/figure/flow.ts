import { COLOURS, LAYOUT, colourOf, titleOf, type Figure } from "../../view/figure.js";

/** How data flows: boxes from left to right with arrows between them, each with a name and a description. */
export function flowFigure(
  steps: readonly { name: string; does: string }[],
  title: string,
): Figure {
  const boxes = steps.map((_, index) => ({
    type: "rect",
    x0: index + 0.06,
    x1: index + 0.82,
    y0: 0,
    y1: 1,
    line: { color: colourOf(index), width: 2 },
    fillcolor: "#f5f7fa",
  }));
  const texts = steps.map(({ name, does }, index) => ({
    x: index + 0.44,
    y: 0.5,
    text: `<b>${name}</b><br><br>${does}`,
    showarrow: false,
    font: { size: 12 },
  }));
  const arrows = steps.slice(1).map((_, index) => ({
    x: index + 1.06,
    y: 0.5,
    ax: index + 0.82,
    ay: 0.5,
    xref: "x",
    yref: "y",
    axref: "x",
    ayref: "y",
    text: "",
    arrowhead: 2,
    arrowwidth: 2,
    arrowcolor: COLOURS.ink,
  }));
  const hidden = { visible: false, fixedrange: true };
  return {
    data: [],
    layout: {
      ...LAYOUT,
      title: titleOf(title),
      height: 210,
      margin: { l: 10, r: 10, t: 50, b: 10 },
      xaxis: { ...hidden, range: [0, steps.length - 0.12] },
      yaxis: { ...hidden, range: [-0.05, 1.05] },
      shapes: boxes,
      annotations: [...texts, ...arrows],
    },
  };
}
