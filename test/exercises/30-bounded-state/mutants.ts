import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  complete: [
    "Complete mode keeps every window for ever.",
    ['outputMode: "append",', 'outputMode: "complete",'],
  ],
  update: [
    "Update mode writes a window each time it changes.",
    ['outputMode: "append",', 'outputMode: "update",'],
  ],
  "arrival-time": [
    "The watermark is on the time of arrival, which does not close windows of event time.",
    ['eventTime: "event_time"', 'eventTime: "arrival_time"'],
  ],
  "no-delay": ["Prices that are out of order are dropped.", ["delayMs: 30_000", "delayMs: 0"]],
  "an-hour": [
    "The state holds an hour of windows, and results come an hour late.",
    ["delayMs: 30_000", "delayMs: 3_600_000"],
  ],
  "by-minute": [
    "Spark cannot tell when a minute that is only a number is over.",
    ["window(event_time, '1 minute')`", "date_trunc('minute', event_time)`"],
    ["window.start AS window_start", "date_trunc('minute', event_time) AS window_start"],
  ],
};
