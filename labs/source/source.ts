import type { Message, Value } from "../event.js";
import type { Config } from "../shared/config.js";
import type { Notify } from "../shared/notify.js";
import type { OptionSpec } from "../shared/option.js";

/** A source of prices. @typeParam V the values of its messages: text, unless it is encoded (`run/format.ts`) */
export interface Source<V extends Value = string> {
  /** Its name in `--source`: replay, coingecko, websocket or market. */
  readonly name: string;
  /**
   * Whether the source ends by itself and yields the same messages in the same order every time. A finite source is resumed
   * by reading it again and skipping the messages that the log already holds.
   */
  readonly finite: boolean;
  /**
   * A recorded source: the multiple of the recorded speed at which a run plays the messages that it has not played yet
   * (see pace.ts); as fast as possible if undefined.
   */
  readonly speed?: number;
  /** Counters besides the number of messages, such as polls, repeated observations or connections. */
  readonly counts: Readonly<Record<string, number>>;
  /** The fraction of a finite source that has been read, 0 to 1; undefined if unknown. */
  fractionRead(): number | undefined;
  /** Live sources: what was tried without an answer and what to do about it; undefined once something has answered. */
  unreached?(): string | undefined;
  /**
   * The messages in order of arrival, until the source ends or the signal aborts (which is not an error). They come in
   * pieces, such as what one read of a file or one poll has given: awaiting each message alone would cost as much as
   * parsing it.
   */
  messages(signal: AbortSignal): AsyncIterable<readonly Message<V>[]>;
}

/** A price that an earlier run has seen. */
export interface KnownPrice {
  asset: string;
  price_usd: number;
  /** Milliseconds since the epoch. */
  event_time: number;
}

/** What a source is opened with, besides its options. */
export interface SourceContext {
  /** The project's root. */
  root: string;
  config: Config;
  /** Only these assets; undefined: the source's default. */
  assets: string[] | undefined;
  /** The latest price of each asset in earlier runs. */
  known: () => Promise<readonly KnownPrice[]>;
  notify: Notify;
}

/** A source on the command line: `--source NAME`. */
export interface SourceCommand {
  name: string;
  help: string;
  /** The options of this source. Several sources may share one. */
  options: readonly OptionSpec[];
  /**
   * Opens the source.
   *
   * @param values the values of its options, by name in camel case
   * @returns the source, and the settings of it that the products depend on
   */
  open(
    values: Record<string, unknown>,
    context: SourceContext,
  ): Promise<{ source: Source; settings?: Record<string, string | number> }>;
}
