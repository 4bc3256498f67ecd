import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "doubles-once-too-often": ["The first wait is already doubled.", ["(attempt - 1)", "attempt"]],
  "full-jitter": [
    "The fixed half is missing: some clients retry at once.",
    ["ceiling / 2 + (random * ceiling) / 2", "random * ceiling"],
  ],
  "grows-for-ever": [
    "There is no ceiling.",
    ["Math.min(60_000, 1_000 * 2 ** (attempt - 1))", "1_000 * 2 ** (attempt - 1)"],
  ],
  "ignores-retry-after": [
    "It ignores that the server asked for a longer wait.",
    [
      "  return Math.max(ceiling / 2 + (random * ceiling) / 2, retryAfterMs ?? 0)",
      "  return ceiling / 2 + (random * ceiling) / 2 + 0 * (retryAfterMs ?? 0)",
    ],
  ],
  "minute-before-the-server": [
    "It limits Retry-After by the ceiling, too.",
    [
      "max(ceiling / 2 + (random * ceiling) / 2, retryAfterMs ?? 0)",
      "min(60_000, Math.max(ceiling / 2 + (random * ceiling) / 2, retryAfterMs ?? 0))",
    ],
  ],
  "server-instead-of-back-off": [
    "A short Retry-After shortens the wait.",
    [
      "Math.max(ceiling / 2 + (random * ceiling) / 2, retryAfterMs ?? 0)",
      "retryAfterMs ?? ceiling / 2 + (random * ceiling) / 2",
    ],
  ],
};
