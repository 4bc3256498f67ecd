import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "all-that-ever-were": [
    "A price that comes back is news.",
    [
      `observation.asset);
    last.set(observation.asset`,
      `JSON.stringify(observation));
    last.set(JSON.stringify(observation)`,
    ],
  ],
  "neighbours-only": [
    "Another asset in between hides the repetition.",
    [
      `observation.asset);
    last.set(observation.asset`,
      `"");
    last.set(""`,
    ],
    ["before === undefined", "before?.asset !== observation.asset"],
  ],
  "removes-from-the-input": [
    "Others still use the list.",
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
    "The same price at a later time is news.",
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
    "A correction has the same time and another price.",
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
