import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "all-that-ever-were": [
    "It drops a price that returns after another one.",
    [
      `observation.asset);
    last.set(observation.asset`,
      `JSON.stringify(observation));
    last.set(JSON.stringify(observation)`,
    ],
  ],
  "neighbours-only": [
    "It misses a repetition if another asset comes in between.",
    [
      `observation.asset);
    last.set(observation.asset`,
      `"");
    last.set(""`,
    ],
    ["before === undefined", "before?.asset !== observation.asset"],
  ],
  "removes-from-the-input": [
    "It changes the list that it was given.",
    [
      "  return observations",
      "  const list = observations as Observation[]; const kept = observations",
    ],
    [
      `      before.priceUsd !== observation.priceUsd
    );
  });`,
      `      before.priceUsd !== observation.priceUsd
    );
  });
  list.splice(0, list.length, ...kept);
  return kept;`,
    ],
  ],
  "same-price-is-enough": [
    "It drops the same price at a later time.",
    [
      `(
      before === undefined ||
      before.eventTimeMs !== observation.eventTimeMs ||
      before.priceUsd !== observation.priceUsd
    )`,
      "before === undefined || before.priceUsd !== observation.priceUsd",
    ],
  ],
  "same-time-is-enough": [
    "It drops a correction, which has the same time and another price.",
    [
      `(
      before === undefined ||
      before.eventTimeMs !== observation.eventTimeMs ||
      before.priceUsd !== observation.priceUsd
    )`,
      "before === undefined || before.eventTimeMs !== observation.eventTimeMs",
    ],
  ],
};
