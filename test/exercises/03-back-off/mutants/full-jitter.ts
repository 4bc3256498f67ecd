// The sure half is missing: some come back at once.

export function waitBeforeRetryMs(
  attempt: number,
  retryAfterMs: number | null,
  random: number,
): number {
  const ceiling = Math.min(60_000, 1_000 * 2 ** (attempt - 1));
  return Math.max(random * ceiling, retryAfterMs ?? 0);
}
