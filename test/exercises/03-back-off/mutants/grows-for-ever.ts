// There is no ceiling.

export function waitBeforeRetryMs(
  attempt: number,
  retryAfterMs: number | null,
  random: number,
): number {
  const ceiling = 1_000 * 2 ** (attempt - 1);
  return Math.max(ceiling / 2 + (random * ceiling) / 2, retryAfterMs ?? 0);
}
