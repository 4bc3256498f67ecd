import type { ObservedEvent } from "../../event.js";
import { pollRecorded } from "../lesson/polling.js";
import { lineChart, points } from "./chart.js";
import { COLOURS, type Figure } from "../../view/figure.js";

/** The prices of a market as they are pushed, and as a client that polls at an interval sees them. */
export function sideBySide(events: readonly ObservedEvent[], everyMs: number): Figure {
  const polls = pollRecorded(events, { everyMs });
  return lineChart(
    {
      pushed: points(events, "arrivalTimeMs", "priceUsd", "steps", COLOURS.price),
      polled: points(polls, "pollTimeMs", "priceUsd", "steps", COLOURS.average),
    },
    { title: "Pushed and polled", x: "time (UTC)", y: "US dollars", time: true },
  );
}
