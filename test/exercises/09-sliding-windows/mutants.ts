import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "always-as-many": [
    "Where the slide does not divide the window their number changes.",
    [
      "start = last; start + windowMs > timeMs; start -= slideMs) starts.unshift(start",
      "n = 0; n < Math.floor(windowMs / slideMs); n++) starts.unshift(last - n * slideMs",
    ],
  ],
  "end-belongs": ["A window that ends at the time does not hold it.", ["> timeMs", ">= timeMs"]],
  "from-the-window": [
    "The first start is not a multiple of the slide.",
    [
      "let start = last; start + windowMs > timeMs; start -= slideMs) starts.unshift(",
      `
    let start = Math.floor((timeMs - windowMs) / slideMs + 1) * slideMs + (windowMs % slideMs);
    start <= last;
    start += slideMs
  )
    starts.push(`,
    ],
  ],
  "last-first": ["They shall grow.", ["unshift", "push"]],
  "towards-zero": ["Before 1970 the last window is another one.", ["floor", "trunc"]],
};
