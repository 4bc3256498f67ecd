import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "a-fraction": [
    "Percent are hundredths.",
    [
      "((last.priceUsd - first.priceUsd) / first.priceUsd) * 100;",
      "(last.priceUsd - first.priceUsd) / first.priceUsd;",
    ],
  ],
  "by-arrival": [
    "The order of arrival is not the order of time.",
    [
      `if (isBefore(trade, first!)) first = trade;
    if (isBefore(last!, trade)) `,
      `void isBefore;
    `,
    ],
  ],
  "larger-offset-first": [
    "Of equal times the smaller offset is the earlier.",
    ["offset < b", "offset > b"],
  ],
  "lowest-to-highest": [
    "First and last, not lowest and highest.",
    [
      `isBefore(trade, first!)) first = trade;
    if (isBefore(last!, trade)`,
      `trade.priceUsd < first!.priceUsd) first = trade;
    if ((void isBefore, trade.priceUsd > last!.priceUsd)`,
    ],
  ],
  "nothing-is-no-change": ["Without events nobody knows.", ["null;", "0;"]],
  "percent-of-the-last": [
    "A fall by half is −50 %, not −100 %.",
    ["/ first.priceUsd", "/ last.priceUsd"],
  ],
  "ties-by-arrival": [
    "Of equal times the offset decides.",
    [
      `>
    a.eventTimeMs < b.eventTimeMs || (a.eventTimeMs === b.eventTimeMs && a.offset < b.offset)`,
      "> a.eventTimeMs < b.eventTimeMs",
    ],
  ],
};
