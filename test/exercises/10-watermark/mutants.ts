import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "0-is-none": ["A watermark of 0 is one.", ["latest === null", "!latest"]],
  "all-at-once": [
    "A batch of two hundred thousand events overflows the stack.",
    [
      `for (const timeMs of eventTimesMs) {
    if (latest === null || timeMs - delayMs > latest) latest = timeMs - delayMs;
  }`,
      `if (eventTimesMs.length > 0)
    latest = Math.max(latest ?? -Infinity, Math.max(...eventTimesMs) - delayMs);`,
    ],
  ],
  "begins-at-0": [
    "Times before 1970 are below 0.",
    [
      "latest = watermarkMs",
      "latest: number | null = watermarkMs ?? (eventTimesMs.length === 0 ? null : 0)",
    ],
  ],
  "forgets-without-events": [
    "A batch without events takes the watermark away.",
    ["= watermarkMs;", "= eventTimesMs.length === 0 ? null : watermarkMs;"],
  ],
  "last-event": [
    "The last event of a batch is not its largest.",
    [
      `for (const timeMs of eventTimesMs) {
    if (latest === null || timeMs - delayMs > latest) latest = timeMs - delayMs;
  }`,
      `const timeMs = eventTimesMs.at(-1);
  if (timeMs !== undefined && (latest === null || timeMs - delayMs > latest))
    latest = timeMs - delayMs;`,
    ],
  ],
  "moves-back": [
    "What was final would be open again.",
    ["latest === null || timeMs - delayMs > latest", "true"],
  ],
  "without-delay": [
    "Every late event is too late.",
    [
      "(latest === null || timeMs - delayMs > latest) latest = timeMs - delayMs;",
      "(latest === null || timeMs > latest) latest = timeMs + 0 * delayMs;",
    ],
  ],
};
