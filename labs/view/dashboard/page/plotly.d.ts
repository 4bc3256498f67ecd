import type { Figure } from "../../figure.js";

// plotly.js, which index.html loads, ships no types.
declare global {
  const Plotly: {
    /** Draws a figure into the element with this id; from the second time on, only what has changed. */
    react(
      id: string,
      data: Figure["data"],
      layout: Figure["layout"],
      config: { responsive: boolean; displayModeBar: boolean },
    ): Promise<unknown>;
  };
}
