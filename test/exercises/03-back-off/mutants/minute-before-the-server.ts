// The ceiling is put on the server's wish as well.

export function waitBeforeRetryMs(
  attempt: number,
  retryAfterMs: number | null,
  random: number,
): number {
  const ceiling = Math.min(60_000, 1_000 * 2 ** (attempt - 1));
  return Math.min(60_000, Math.max(ceiling / 2 + (random * ceiling) / 2, retryAfterMs ?? 0));
}
