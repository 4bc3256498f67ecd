import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "assets-mixed": [
    "All assets in one.",
    ["      SELECT asset, ", "      SELECT first(asset) AS asset, "],
    [
      "      GROUP BY asset, window(event_time, '1 minute', '20 seconds')",
      "      GROUP BY window(event_time, '1 minute', '20 seconds')",
    ],
  ],
  "first-as-it-comes": [
    "first() takes what comes first, whatever happened first.",
    [
      "min_by(price_usd, event_time) AS first_price, max_by(price_usd, event_time)",
      "first(price_usd) AS first_price, last(price_usd)",
    ],
  ],
  "highest-and-lowest": [
    "First and last are by time, not by price.",
    [
      "min_by(price_usd, event_time) AS first_price, max_by(price_usd, event_time)",
      "min(price_usd) AS first_price, max(price_usd)",
    ],
  ],
  population: ["Divides by n.", ["stddev_samp", "stddev_pop"]],
  tumbling: ["Only one window for each event.", [", '20 seconds'", ""]],
};
