// The server has asked for a longer wait.

export function waitBeforeRetryMs(
  attempt: number,
  retryAfterMs: number | null,
  random: number,
): number {
  const ceiling = Math.min(60_000, 1_000 * 2 ** (attempt - 1));
  return ceiling / 2 + (random * ceiling) / 2 + 0 * (retryAfterMs ?? 0);
}
