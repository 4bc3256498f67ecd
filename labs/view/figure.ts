/** A plotly.js figure: plain JSON, drawn by the browser. */
export interface Figure {
  data: Record<string, unknown>[];
  layout: Record<string, unknown>;
  frames?: Record<string, unknown>[];
}

/** The colours of the lab's figures; the live page has others in dark mode. */
export const COLOURS = {
  price: "#9aa5b1",
  average: "#1f5fa8",
  band: "rgba(31,95,168,0.3)",
  up: "#1a7f4b",
  down: "#c0392b",
  lateness: "#6b4fa0",
  warning: "#b7791f",
  grid: "#e4e7eb",
  ink: "#1f2933",
  ground: "#ffffff",
};
export type Colours = Record<keyof typeof COLOURS, string>;

/** Colours that are distinguishable with colour blindness too (Okabe and Ito, 2008). */
const PALETTE = [
  "#0072b2",
  "#e69f00",
  "#009e73",
  "#cc79a7",
  "#56b4e9",
  "#d55e00",
  "#7a6f9b",
  "#8a8a2b",
  "#444b54",
  "#b5651d",
];

export const colourOf = (index: number): string => PALETTE[index % PALETTE.length]!;

export const axisIn = ({ grid }: Colours) => ({ gridcolor: grid, zeroline: false });
export const AXIS = axisIn(COLOURS);

export const layoutIn = ({ ink, ground }: Colours) => ({
  font: { family: "system-ui, sans-serif", size: 13, color: ink },
  plot_bgcolor: ground,
  paper_bgcolor: ground,
});
export const LAYOUT = layoutIn(COLOURS);

export const titleOf = (text: string) => ({
  text,
  x: 0,
  xanchor: "left",
  xref: "paper",
  font: { size: 15 },
});
