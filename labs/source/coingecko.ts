import type { AxiosError } from "axios";
import pRetry from "p-retry";
import { nowMs } from "../shared/clock.js";
import { LabError } from "../shared/errors.js";
import { priceMessage, type Message } from "../event.js";
import { shownUrl } from "../shared/address.js";
import { durationOption, positiveDuration } from "../shared/option.js";
import { formatTime, isTimeMs } from "../shared/time.js";
import { sleep } from "../shared/wait.js";
import { withinLimit } from "./limit.js";
import type { Notify } from "../shared/notify.js";
import type { KnownPrice, Source, SourceCommand } from "./source.js";

const DEFAULT_ASSETS = ["bitcoin", "ethereum", "solana"];
const TIMEOUT_MS = 10_000;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;

export interface CoingeckoOptions {
  /** Base URL of the API, for example `https://api.coingecko.com`. */
  url: string;
  /** Demo key, sent as `x-cg-demo-api-key`; never logged. */
  key?: string;
  /** CoinGecko's coin ids. */
  assets?: readonly string[];
  /** The interval between polls. */
  everyMs: number;
  notify: Notify;
  /** The latest price of each asset in earlier runs; an observation that repeats it is not yielded. */
  known?: () => Promise<readonly KnownPrice[]>;
  /** The wait before the first retry of a failed poll; it doubles with each retry. */
  firstRetryMs?: number;
  timeoutMs?: number;
}

/** The response of `GET /api/v3/simple/price` (CoinGecko API reference): by coin id, `{"usd": price, "last_updated_at": Unix seconds}`. */
type Answer = Record<string, unknown>;

/** Writes a value as JSON. A value may be nested too deeply for `JSON.stringify` although `JSON.parse` could read it. */
function jsonOf(value: object): string {
  try {
    return JSON.stringify(value);
  } catch {
    return '"nested too deeply to be written"';
  }
}

/**
 * The message for one coin of a response; undefined if CoinGecko has no price for it. An entry that is not as documented goes
 * to the log unchanged and is rejected there with a reason, so that the other coins are not lost.
 */
function coinMessage(asset: string, coin: unknown, arrivalMs: number): Message | undefined {
  if (typeof coin !== "object" || coin === null || Array.isArray(coin)) {
    return { key: asset, value: jsonOf({ [asset]: coin }), timestampMs: arrivalMs };
  }
  const { usd, last_updated_at: updatedAt } = coin as Record<string, unknown>;
  if (usd === undefined || usd === null || updatedAt === undefined || updatedAt === null) {
    return undefined;
  }
  const eventTimeMs = typeof updatedAt === "number" ? Math.floor(updatedAt * 1_000) : NaN;
  const value = jsonOf({
    asset,
    price_usd: usd,
    event_time: isTimeMs(eventTimeMs) ? formatTime(eventTimeMs) : updatedAt,
  });
  return { key: asset, value, timestampMs: arrivalMs };
}

/** Matches a date in HTTP's format. `Date.parse` alone accepts too much: it reads "soon 3000" as a year. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d\d:\d\d:\d\d/;

/**
 * Parses a `Retry-After` header, which holds seconds or a date (RFC 9110, 10.2.3).
 *
 * @param receivedMs when the response was received
 * @returns how long to wait, in milliseconds; 0 if the header is missing or invalid
 */
export function retryAfterMs(header: unknown, receivedMs: number): number {
  if (typeof header !== "string") return 0;
  const text = header.trim();
  // Longer numbers are ignored: they are not exact.
  if (/^\d{1,15}$/.test(text)) return Number(text) * 1_000;
  const untilMs = HTTP_DATE.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(untilMs) ? 0 : Math.max(0, untilMs - receivedMs);
}

// Imported on demand: axios would slow down the start of every other run.
const http = () => import("../shared/http.js");

/** Why a poll failed, whether a retry is pointless, and how long the server asks to wait. */
async function describeFailure(
  error: unknown,
): Promise<{ reason: string; lasting: boolean; waitMs: number }> {
  const { noAnswerReason, refusedStatus } = await http();
  const status = refusedStatus(error);
  if (status === undefined) {
    const lasting = error instanceof LabError; // a redirect to another host
    return { reason: noAnswerReason(error), lasting, waitMs: 0 };
  }
  const lasting = status >= 400 && status < 500 && status !== 408 && status !== 429;
  const header: unknown = (error as AxiosError).response!.headers["retry-after"];
  const reason = status === 429 ? "429, too many requests" : String(status);
  return { reason, lasting, waitMs: retryAfterMs(header, Date.now()) };
}

/**
 * Polls the current prices of coins from CoinGecko until the signal aborts. The event time of an observation is its
 * `last_updated_at`, which changes less often than the source polls: repeated observations are counted, not yielded.
 *
 * A failed poll is retried with exponential back-off and jitter, never sooner than `Retry-After` allows. A status for which
 * a retry is pointless (400, 401, 403, 404) ends the source with a LabError.
 */
export function coingecko(options: CoingeckoOptions): Source {
  const { url, key, everyMs, notify, firstRetryMs = FIRST_RETRY_MS } = options;
  const assets = options.assets ?? DEFAULT_ASSETS;
  const counts = { polls: 0, repeated: 0, failed: 0 };
  let attempts = 0;
  let lastFailure = "no answer";
  const notified = new Set<string>();

  function notifyOnce(asset: string, notice: string): void {
    if (notified.has(asset)) return;
    notified.add(asset);
    notify(notice);
  }

  async function requestOnce(signal: AbortSignal): Promise<Answer> {
    attempts++;
    const config = {
      method: "get" as const,
      baseURL: url,
      url: "/api/v3/simple/price",
      params: { ids: assets.join(","), vs_currencies: "usd", include_last_updated_at: true },
      headers: key === undefined ? {} : { "x-cg-demo-api-key": key },
    };
    const { request } = await http();
    const { data } = await request<unknown>(config, options.timeoutMs ?? TIMEOUT_MS, signal);
    if (typeof data !== "object" || data === null || Array.isArray(data)) {
      throw new Error("the answer is not the documented JSON object");
    }
    return data as Answer;
  }

  /** Polls until a request succeeds; undefined if the signal aborts. */
  async function poll(signal: AbortSignal): Promise<Answer | undefined> {
    try {
      return await pRetry(() => requestOnce(signal), {
        retries: Infinity,
        minTimeout: firstRetryMs,
        maxTimeout: MAX_RETRY_MS,
        randomize: true,
        signal,
        async onFailedAttempt({ error, attemptNumber }) {
          if (signal.aborted) throw error;
          counts.failed++;
          const { reason, lasting, waitMs } = await describeFailure(error);
          lastFailure = reason;
          if (lasting) {
            throw new LabError(
              `CoinGecko refused the request (${reason}): check --assets, COINGECKO_URL and COINGECKO_API_KEY`,
            );
          }
          const asked = waitMs > 0 ? `, it asks to wait ${Math.ceil(waitMs / 1_000)} s` : "";
          notify(
            `CoinGecko poll failed (${reason})${asked}; trying again (attempt ${attemptNumber})`,
          );
          await sleep(waitMs, signal);
        },
        shouldRetry: ({ error }) => !(error instanceof LabError),
      });
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  async function* messages(signal: AbortSignal): AsyncGenerator<Message[]> {
    const known = (await options.known?.()) ?? [];
    const last = new Map<string, string>();
    for (const { asset, price_usd, event_time } of known) {
      last.set(asset, priceMessage(asset, price_usd, formatTime(event_time), 0).value);
    }
    for (;;) {
      const dueMs = performance.now() + everyMs;
      const answer = await poll(signal);
      if (answer === undefined) return;
      counts.polls++;
      const arrivalMs = nowMs();
      const piece: Message[] = [];
      for (const asset of new Set(assets)) {
        if (!Object.hasOwn(answer, asset)) {
          notifyOnce(
            asset,
            `CoinGecko does not know ${asset}: expected the id of a coin, such as bitcoin`,
          );
          continue;
        }
        const message = coinMessage(asset, answer[asset], arrivalMs);
        if (message === undefined) {
          notifyOnce(asset, `CoinGecko has no current price for ${asset}`);
          continue;
        }
        if (last.get(asset) === message.value) {
          counts.repeated++;
          continue;
        }
        last.set(asset, message.value);
        piece.push(withinLimit(message));
      }
      if (piece.length > 0) yield piece;
      if (!(await sleep(Math.max(0, dueMs - performance.now()), signal))) return;
    }
  }

  function unreached(): string | undefined {
    if (counts.polls > 0) return undefined;
    return `nothing was received: no poll of ${shownUrl(url)} succeeded (attempts: ${attempts}, last error: ${lastFailure}); check the network and COINGECKO_URL, then run the same command again`;
  }

  return {
    name: "coingecko",
    finite: false,
    counts,
    fractionRead: () => undefined,
    unreached,
    messages,
  };
}

export const coingeckoCommand: SourceCommand = {
  name: "coingecko",
  help: "CoinGecko's prices, polled",
  options: [durationOption("--every <time>", "poll this often", positiveDuration, 10_000)],
  async open({ every }: { every: number }, { config, assets, known, notify }) {
    await http(); // imported before the time of --duration starts
    const { coingeckoUrl: url, coingeckoKey: key } = config;
    return {
      source: coingecko({ url, key, assets, everyMs: every, known, notify }),
    };
  },
};
