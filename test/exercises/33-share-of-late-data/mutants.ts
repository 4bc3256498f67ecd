import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "per-asset": [
    "Each asset has a watermark of its own.",
    ["          ORDER BY number ROWS", "          PARTITION BY asset ORDER BY number ROWS"],
  ],
  "the-whole-stream": [
    "Events that arrive later are taken into account.",
    ["          ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING\n", ""],
  ],
  "by-event-time": [
    "Ordered by event time, no event is late.",
    ["ORDER BY number", "ORDER BY event_time"],
  ],
  "the-one-before": [
    "It compares with the event before, not with the largest.",
    ["BETWEEN UNBOUNDED PRECEDING AND", "BETWEEN 1 PRECEDING AND"],
  ],
  "exactly-thirty": [
    "30 seconds behind is in time.",
    ["event_time < largest_before", "event_time <= largest_before"],
  ],
  "whole-seconds": [
    "Fractions of a second are cut off, so half a second too late is in time.",
    [
      "event_time < largest_before - INTERVAL 30 SECONDS",
      "unix_timestamp(event_time) < unix_timestamp(largest_before) - 30",
    ],
  ],
  "no-row": [
    "Assets without late events are missing.",
    ["    GROUP BY asset`", "    GROUP BY asset HAVING count_if(is_late) > 0`"],
  ],
};
