// The first wait is already doubled.

export function waitBeforeRetryMs(
  attempt: number,
  retryAfterMs: number | null,
  random: number,
): number {
  const ceiling = Math.min(60_000, 1_000 * 2 ** attempt);
  return Math.max(ceiling / 2 + (random * ceiling) / 2, retryAfterMs ?? 0);
}
