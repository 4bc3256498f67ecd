import axios, { AxiosError, type AxiosResponse } from "axios";
import pRetry from "p-retry";
import { z } from "zod";
import { LabError } from "../errors.js";
import { priceMessage, type Message, type PriceEvent } from "../event.js";
import { noAnswerReason } from "../http.js";
import { formatTime } from "../time.js";
import { pause } from "./pace.js";
import type { Report, Source } from "./source.js";

const DEFAULT_ASSETS = ["bitcoin", "ethereum", "solana"];
const TIMEOUT_MS = 10_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

export interface CoingeckoOptions {
  /** Base URL of the API, for example `https://api.coingecko.com`. */
  url: string;
  /** Demo key, sent as `x-cg-demo-api-key`; never logged. */
  key?: string;
  /** CoinGecko's ids of coins. */
  assets?: readonly string[];
  /** How long from one poll to the next, milliseconds. */
  everyMs: number;
  report: Report;
  /** The latest price of each asset in earlier runs: an observation that repeats it is not yielded again. */
  known?: () => Promise<readonly { asset: string; price_usd: number; event_time: number }[]>;
  /** The wait before the first retry of a failed poll, milliseconds; it doubles from one to the next. */
  firstRetryMs?: number;
  timeoutMs?: number;
}

type Observation = Pick<PriceEvent, "priceUsd" | "eventTimeMs">;

/** The answer of `GET /api/v3/simple/price` (CoinGecko API reference): by coin id, price and Unix seconds. */
const answerSchema = z.record(
  z.string(),
  z.object({ usd: z.number().nullish(), last_updated_at: z.number().nullish() }),
);
type Answer = z.infer<typeof answerSchema>;

/**
 * How long a server asks to wait, by its `Retry-After` header: seconds, or a date (RFC 9110, 10.2.3).
 *
 * @returns milliseconds; 0 where it does not ask
 */
export function retryAfterMs(header: unknown, nowMs: number): number {
  if (typeof header !== "string") return 0;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1_000;
  const untilMs = Date.parse(header);
  return Number.isNaN(untilMs) ? 0 : Math.max(0, untilMs - nowMs);
}

/** What went wrong in a poll, and whether trying again may help. */
function describeFailure(error: unknown): { reason: string; lasting: boolean; waitMs: number } {
  if (error instanceof AxiosError && error.response !== undefined) {
    const { status, headers } = error.response as AxiosResponse;
    const lasting = status >= 400 && status < 500 && status !== 408 && status !== 429;
    const waitMs = retryAfterMs(headers["retry-after"], Date.now());
    return { reason: status === 429 ? "429, too many requests" : String(status), lasting, waitMs };
  }
  return { reason: noAnswerReason(error), lasting: false, waitMs: 0 };
}

/**
 * Polls the current price of coins from CoinGecko, for ever. The event time of an observation is its
 * `last_updated_at`, which changes less often than one polls: repeated observations are counted, not yielded.
 *
 * A failed poll is tried again with exponential back-off and jitter, never sooner than `Retry-After`
 * asks. A refusal that trying again cannot mend (400, 401, 403, 404) ends the source with a LabError.
 */
export function coingecko(options: CoingeckoOptions): Source {
  const { url, key, everyMs, report, firstRetryMs = FIRST_RETRY_MS } = options;
  const assets = options.assets ?? DEFAULT_ASSETS;
  const counts = { polls: 0, repeated: 0, failed: 0 };
  const reported = new Set<string>();

  function reportOnce(asset: string, notice: string): void {
    if (reported.has(asset)) return;
    reported.add(asset);
    report(notice);
  }

  async function requestOnce(signal: AbortSignal): Promise<Answer> {
    const { data } = await axios.get<unknown>("/api/v3/simple/price", {
      baseURL: url,
      params: { ids: assets.join(","), vs_currencies: "usd", include_last_updated_at: true },
      headers: key === undefined ? {} : { "x-cg-demo-api-key": key },
      timeout: options.timeoutMs ?? TIMEOUT_MS,
      signal,
    });
    const answer = answerSchema.safeParse(data);
    if (!answer.success) throw new Error("an answer of another shape than documented");
    return answer.data;
  }

  /** One poll, tried until it succeeds; undefined once the signal aborts. */
  async function poll(signal: AbortSignal): Promise<Answer | undefined> {
    try {
      return await pRetry(() => requestOnce(signal), {
        retries: Infinity,
        minTimeout: firstRetryMs,
        maxTimeout: LONGEST_RETRY_MS,
        randomize: true,
        signal,
        async onFailedAttempt({ error, attemptNumber }) {
          if (signal.aborted) throw error;
          counts.failed++;
          const { reason, lasting, waitMs } = describeFailure(error);
          if (lasting) {
            throw new LabError(
              `CoinGecko refused the poll (${reason}): check --assets and COINGECKO_API_KEY`,
            );
          }
          const asked = waitMs > 0 ? `, it asks to wait ${Math.ceil(waitMs / 1_000)} s` : "";
          report(
            `CoinGecko poll failed (${reason})${asked}; trying again (attempt ${attemptNumber})`,
          );
          await pause(waitMs, signal);
        },
        shouldRetry: ({ error }) => !(error instanceof LabError),
      });
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  async function* messages(signal: AbortSignal): AsyncGenerator<Message> {
    const known = (await options.known?.()) ?? [];
    const last = new Map<string, Observation>();
    for (const { asset, price_usd: priceUsd, event_time: eventTimeMs } of known) {
      last.set(asset, { priceUsd, eventTimeMs });
    }
    for (;;) {
      const dueMs = performance.now() + everyMs;
      const answer = await poll(signal);
      if (answer === undefined) return;
      counts.polls++;
      const arrivalMs = Date.now();
      for (const asset of assets) {
        const { usd, last_updated_at: updatedAt } = answer[asset] ?? {};
        if (answer[asset] === undefined) {
          reportOnce(
            asset,
            `CoinGecko does not know ${asset}: it needs a coin's id, such as bitcoin`,
          );
          continue;
        }
        if (typeof usd !== "number" || typeof updatedAt !== "number") {
          reportOnce(asset, `CoinGecko has no current price of ${asset}`);
          continue;
        }
        const eventTimeMs = Math.floor(updatedAt * 1_000);
        const before = last.get(asset);
        if (before?.eventTimeMs === eventTimeMs && before.priceUsd === usd) {
          counts.repeated++;
          continue;
        }
        last.set(asset, { priceUsd: usd, eventTimeMs });
        yield priceMessage(asset, usd, formatTime(eventTimeMs), arrivalMs);
      }
      if (!(await pause(Math.max(0, dueMs - performance.now()), signal))) return;
    }
  }

  return { name: "coingecko", finite: false, counts, fractionRead: () => undefined, messages };
}
