import pRetry from "p-retry";
import type { RawData, WebSocket } from "ws";
import { z } from "zod";
import { nowMs } from "../shared/clock.js";
import { LabError, UsageError, errorMessage } from "../shared/errors.js";
import { JSON_NUMBER, type Message } from "../event.js";
import { shownUrl } from "../shared/address.js";
import { sleep, startTimer } from "../shared/wait.js";
import { withinLimit } from "./limit.js";
import type { Notify } from "../shared/notify.js";
import type { Source, SourceCommand } from "./source.js";

/** Coinbase's product ids by the lab's names of assets, which are CoinGecko's ids. */
export const PRODUCT_IDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    bitcoin: "BTC-USD",
    ethereum: "ETH-USD",
    solana: "SOL-USD",
    ripple: "XRP-USD",
    cardano: "ADA-USD",
    dogecoin: "DOGE-USD",
    polkadot: "DOT-USD",
    litecoin: "LTC-USD",
    chainlink: "LINK-USD",
    stellar: "XLM-USD",
  }),
);
const DEFAULT_ASSETS = ["bitcoin", "ethereum", "solana"];
const OPEN_TIMEOUT_MS = 10_000;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;
/** A feed that is silent this long has stalled: heartbeats are sent every second. */
const SILENCE_MS = 15_000;
/** The socket is paused while more than this many messages wait for the pipeline. */
const MAX_WAITING = 10_000;
const MAX_MESSAGE_BYTES = 1024 * 1024;

export interface WebsocketOptions {
  /** The feed's URL. */
  url: string;
  /** Names such as `bitcoin`, or Coinbase's product ids such as `BTC-USD`. */
  assets?: readonly string[];
  notify: Notify;
  /** The wait before the first reconnect; it doubles with each failure. */
  firstRetryMs?: number;
  /** How long the feed may be silent before it counts as stalled. */
  silenceMs?: number;
}

const feedMessage = z.looseObject({ type: z.string() });
const errorFields = z.object({ message: z.string().optional(), reason: z.string().optional() });
const tickerFields = z.object({ product_id: z.string(), price: z.unknown(), time: z.unknown() });

// On demand: it would slow down the start of every other run.
const ws = () => import("ws");

/** Coinbase's product id of an asset. @throws UsageError if it is not a market in US dollars */
function productId(asset: string): string {
  const id = PRODUCT_IDS.get(asset) ?? asset;
  if (/^[A-Z0-9]+-USD$/.test(id)) return id;
  throw new UsageError(
    `--assets: the websocket source does not know ${asset}; use ${[...PRODUCT_IDS.keys()].join(", ")}, or a Coinbase product such as BTC-USD`,
  );
}

/**
 * The ticker of Coinbase Exchange, pushed over a WebSocket until the signal aborts. Subscribes to the channels `ticker` and
 * `heartbeat`, and reconnects with exponential back-off and jitter when the connection drops or stalls. Text that is not a
 * message of the feed goes to the log unchanged and is rejected there with a reason.
 *
 * Message formats: Coinbase Exchange documentation, "WebSocket Channels".
 *
 * @throws UsageError if an asset is unknown; LabError (while reading) if the feed refuses the subscription
 */
export function websocket(options: WebsocketOptions): Source {
  const { url, notify, firstRetryMs = FIRST_RETRY_MS, silenceMs = SILENCE_MS } = options;
  const assetOf = new Map(
    (options.assets ?? DEFAULT_ASSETS).map((name) => [productId(name), name]),
  );
  const counts = { connections: 0, heartbeats: 0, unreadable: 0 };
  let attempts = 0;
  let lastFailure = "no answer";

  /** Connects and subscribes. */
  async function connect(signal: AbortSignal): Promise<WebSocket> {
    attempts++;
    const { WebSocket } = await ws();
    const socket = new WebSocket(url, {
      handshakeTimeout: OPEN_TIMEOUT_MS,
      maxPayload: MAX_MESSAGE_BYTES,
    });
    const abort = () => socket.terminate();
    signal.addEventListener("abort", abort, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once("open", resolve);
        socket.once("error", reject);
        socket.once("close", () => reject(new Error("closed while connecting")));
      });
    } finally {
      signal.removeEventListener("abort", abort);
    }
    counts.connections++;
    socket.send(
      JSON.stringify({
        type: "subscribe",
        product_ids: [...assetOf.keys()],
        channels: ["ticker", "heartbeat"],
      }),
    );
    return socket;
  }

  /** Converts one message of the feed for the log; undefined for a heartbeat or a confirmation. */
  function read(text: string, arrivalMs: number): Message | undefined {
    let fields: z.infer<typeof feedMessage>;
    try {
      fields = feedMessage.parse(JSON.parse(text));
    } catch {
      counts.unreadable++;
      return { key: "", value: text, timestampMs: arrivalMs };
    }
    if (fields.type === "heartbeat") counts.heartbeats++;
    if (fields.type === "error") {
      const { message, reason } = errorFields.safeParse(fields).data ?? {};
      const said = [message, reason].filter((part) => part !== undefined).join(": ");
      throw new LabError(
        `the feed ${shownUrl(url)} refused the subscription: ${said || "no reason given"}; check --assets`,
      );
    }
    if (fields.type !== "ticker") return undefined;
    const ticker = tickerFields.safeParse(fields).data;
    const asset = assetOf.get(ticker?.product_id ?? "");
    if (ticker === undefined || asset === undefined) {
      counts.unreadable++;
      return { key: "", value: text, timestampMs: arrivalMs };
    }
    // Coinbase sends prices as strings. A string that is not a number stays unchanged, and the event is rejected.
    const { price } = ticker;
    const isNumber = typeof price === "string" && JSON_NUMBER.test(price);
    const value = JSON.stringify({
      asset,
      price_usd: isNumber ? Number(price) : price,
      event_time: ticker.time,
    });
    return { key: asset, value, timestampMs: arrivalMs };
  }

  /**
   * Yields the messages of one connection until it ends, each time all that have arrived.
   *
   * @returns why it ended
   */
  async function* listen(
    socket: WebSocket,
    signal: AbortSignal,
  ): AsyncGenerator<Message[], string> {
    let waiting: Message[] = [];
    /** Why the connection ended: a description, or an error that ends the source. */
    let end: string | LabError | undefined;
    let wake = () => {};
    function endWith(reason: string | LabError): void {
      end ??= reason;
      wake();
    }
    const stop = () => endWith("stopped");
    const stalled = startTimer(silenceMs, () => {
      if (socket.isPaused) stalled.restart();
      else endWith(`nothing received for ${silenceMs / 1_000} s`);
    });
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    socket.on("error", (error) => endWith(errorMessage(error)));
    socket.on("close", () => endWith("the connection was closed"));
    socket.on("message", (data: RawData) => {
      stalled.restart();
      if (end instanceof LabError) return;
      try {
        const message = read(String(data), nowMs());
        if (message !== undefined) waiting.push(withinLimit(message));
      } catch (error) {
        return endWith(error instanceof LabError ? error : errorMessage(error));
      }
      if (waiting.length >= MAX_WAITING) socket.pause();
      wake();
    });
    try {
      for (;;) {
        if (waiting.length > 0) {
          const piece = waiting;
          waiting = [];
          if (socket.isPaused) socket.resume();
          yield piece;
        } else if (end instanceof LabError) throw end;
        else if (end !== undefined) return end;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      stalled.cancel();
      signal.removeEventListener("abort", stop);
      socket.terminate();
    }
  }

  async function* messages(signal: AbortSignal): AsyncGenerator<Message[]> {
    let shortConnections = 0;
    while (!signal.aborted) {
      let socket: WebSocket;
      try {
        socket = await pRetry(() => connect(signal), {
          retries: Infinity,
          minTimeout: firstRetryMs,
          maxTimeout: MAX_RETRY_MS,
          randomize: true,
          signal,
          onFailedAttempt: ({ error }) => {
            if (signal.aborted) return;
            lastFailure = errorMessage(error);
            notify(`cannot connect to ${shownUrl(url)} (${lastFailure}); trying again`);
          },
          shouldRetry: () => !signal.aborted,
        });
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      const heartbeatsBefore = counts.heartbeats;
      const end = yield* listen(socket, signal);
      if (signal.aborted) return;
      notify(`lost ${shownUrl(url)}: ${end}; connecting again`);
      // Back off also if the server accepts connections but drops them at once.
      shortConnections = counts.heartbeats > heartbeatsBefore ? 0 : shortConnections + 1;
      const maxWaitMs = Math.min(MAX_RETRY_MS, firstRetryMs * 2 ** shortConnections);
      await sleep(maxWaitMs * (0.5 + Math.random() / 2), signal);
    }
  }

  function unreached(): string | undefined {
    if (counts.connections > 0) return undefined;
    return `nothing was received: no connection to ${shownUrl(url)} (attempts: ${attempts}, last error: ${lastFailure}); check the network and COINBASE_URL, then run the same command again`;
  }

  return {
    name: "websocket",
    finite: false,
    counts,
    fractionRead: () => undefined,
    unreached,
    messages,
  };
}

export const websocketCommand: SourceCommand = {
  name: "websocket",
  help: "Coinbase's live ticker",
  options: [],
  async open(_values, { config, assets, notify }) {
    await ws(); // imported before the time of --duration starts
    return { source: websocket({ url: config.coinbaseUrl, assets, notify }) };
  },
};
