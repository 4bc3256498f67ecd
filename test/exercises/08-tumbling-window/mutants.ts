import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "32-bits": [
    "Milliseconds since 1970 do not fit 32 bits.",
    [
      "Math.floor(timeMs / windowMs) * windowMs",
      "(timeMs | 0) - (((timeMs % windowMs) + windowMs) % windowMs)",
    ],
  ],
  "end-belongs": [
    "A start is put into the window before it.",
    ["Math.floor(timeMs / windowMs)", "(Math.ceil(timeMs / windowMs) - 1)"],
  ],
  remainder: [
    "% keeps the sign of a time before 1970.",
    ["Math.floor(timeMs / windowMs) * windowMs", "timeMs - (timeMs % windowMs)"],
  ],
  rounds: ["The second half of each window is put into the next one.", ["floor", "round"]],
  "towards-zero": ["−1 is put into the window that begins at 0.", ["floor", "trunc"]],
};
