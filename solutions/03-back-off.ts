/**
 * How long to wait before a failed request is tried again.
 *
 * The wait doubles from attempt to attempt: at most 1,000 ms after the first failure, 2,000 after the second, and so on,
 * and never more than 60,000. Of that ceiling, one half is always waited and of the other half a random part, so that not
 * all clients come back together (*jitter*): ceiling / 2 + random × ceiling / 2. But a server that asks for a longer wait
 * (`Retry-After`) is obeyed, even beyond 60,000 ms.
 *
 * @param attempt 1 after the first failure
 * @param retryAfterMs what the server asks for; null where it asks for nothing
 * @param random from 0 to below 1
 * @returns milliseconds
 */
export function waitBeforeRetryMs(
  attempt: number,
  retryAfterMs: number | null,
  random: number,
): number {
  const ceiling = Math.min(60_000, 1_000 * 2 ** (attempt - 1));
  return Math.max(ceiling / 2 + (random * ceiling) / 2, retryAfterMs ?? 0);
}
