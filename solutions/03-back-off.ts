/**
 * How long to wait before a failed request is sent again.
 *
 * The ceiling of the wait is 1,000 ms after the first failure and doubles with each further failure, up to 60,000 ms. The wait
 * is half of the ceiling plus a random part of the other half: ceiling / 2 + random × ceiling / 2. The random part (*jitter*)
 * prevents all clients from returning at the same moment. If the server asks for a longer wait (`Retry-After`), that wait
 * applies, even beyond 60,000 ms.
 *
 * @param attempt 1 after the first failure
 * @param retryAfterMs the wait that the server asks for; null if it asks for none
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
