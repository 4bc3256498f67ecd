import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "from-the-time-of-the-poll": [
    "It returns the age of the poll, not of the price.",
    ["(newest, eventTimeMs);", "(newest, pollTimeMs);"],
  ],
  "knows-the-future": [
    "A poll that has not happened yet counts.",
    ["if (pollTimeMs <= nowMs) ", ""],
  ],
  "last-poll-counts": [
    "An older answer from a cache replaces a newer price.",
    ["Math.max(newest, eventTimeMs)", "eventTimeMs"],
  ],
  "not-at-this-moment": ["A poll at this very moment has happened.", ["<= nowMs", "< nowMs"]],
  "nothing-is-0-old": ["Who knows nothing seems to be up to date.", ["? null :", "? 0 :"]],
};
