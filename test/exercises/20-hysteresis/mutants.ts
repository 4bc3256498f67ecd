import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "begins-above": ["It begins above the level, not at it.", [">= beginAt", "> beginAt"]],
  "changes-its-input": [
    "It changes the state that a repeated batch begins with.",
    [
      `const { active, alerts } = before;
  if (value === null) return { active, alerts };
  if (active) return { active: value >= endBelow, alerts };
  const begins = value >= beginAt;
  return { active: begins, alerts: begins ? alerts + 1 : alerts }`,
      `if (value === null) return before;
  if (before.active) {
    before.active = value >= endBelow;
  } else if (value >= beginAt) {
    before.active = true;
    before.alerts++;
  }
  return before`,
    ],
  ],
  "ends-at-the-level": ["It ends at the second level already.", [">= endBelow", "> endBelow"]],
  "every-value": [
    "Every value beyond the level is an alert.",
    [
      `if (active) return { active: value >= endBelow, alerts };
  const begins = value >= beginAt;
  return { active: begins, alerts: begins ? alerts + 1 : alerts }`,
      `if (value >= beginAt) return { active: true, alerts: alerts + 1 };
  return { active: active && value >= endBelow, alerts }`,
    ],
  ],
  "forgets-the-count": ["The count begins anew with each episode.", ["alerts + ", ""]],
  "nothing-ends": [
    "Where nothing was measured the episode is taken to be over.",
    ["return { active, alerts }", "return { active: false, alerts }"],
  ],
  "nothing-is-0": [
    "Where nothing was measured it takes 0.",
    [
      `if (value === null) return { active, alerts };
  if (active) return { active: value >= endBelow, alerts };
  const begins = value`,
      `const measured = value ?? 0;
  if (active) return { active: measured >= endBelow, alerts };
  const begins = measured`,
    ],
  ],
  "one-level": [
    "There is one level only: a value that trembles raises an alert each time.",
    ["if (active) return { active: value >= endBelow, alerts }", "void endBelow"],
    ["begins ? ", "begins && !active ? "],
  ],
  "the-end-is-an-alert": [
    "The end of an episode raises an alert too.",
    [
      `  if (active) return { active: value >= endBelow, alerts };
  const begins = value >= beginAt;
  return { active: begins, alerts: begins ? alerts + 1 : alerts }`,
      `  const goesOn = active ? value >= endBelow : value >= beginAt;
  return { active: goesOn, alerts: goesOn !== active ? alerts + 1 : alerts }`,
    ],
  ],
  "the-same-object": [
    "It returns the old state itself if nothing was measured.",
    ["if (value === null) return { active, alerts };", "if (value === null) return before;"],
  ],
};
