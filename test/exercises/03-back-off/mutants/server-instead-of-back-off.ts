// A short Retry-After shortens the wait.

export function waitBeforeRetryMs(
  attempt: number,
  retryAfterMs: number | null,
  random: number,
): number {
  const ceiling = Math.min(60_000, 1_000 * 2 ** (attempt - 1));
  return retryAfterMs ?? ceiling / 2 + (random * ceiling) / 2;
}
