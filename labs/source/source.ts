import type { Message } from "../event.js";
import type { Config } from "../shared/config.js";
import type { Notify } from "../shared/notify.js";
import type { OptionSpec } from "../shared/option.js";

/** Where prices come from. */
export interface Source {
  /** The option's word for it: replay, coingecko, websocket or market. */
  readonly name: string;
  /**
   * Whether it ends by itself and yields the same messages, in the same order, every time: then it is
   * resumed by reading it again and passing over what the log already holds.
   */
  readonly finite: boolean;
  /** What it counted beside its messages, for example polls, repeated observations or reconnects. */
  readonly counts: Readonly<Record<string, number>>;
  /** How much of a finite source has been read, 0 to 1; undefined where nobody knows. */
  fractionRead(): number | undefined;
  /** A live source, until something has answered it: what was tried, and what to do. Undefined from then on. */
  unreached?(): string | undefined;
  /** Its messages, in order of arrival, until it ends or the signal aborts (which is no error). */
  messages(signal: AbortSignal): AsyncIterable<Message>;
}

/** A price that earlier runs have seen. */
export interface KnownPrice {
  asset: string;
  price_usd: number;
  /** Milliseconds since the epoch. */
  event_time: number;
}

/** What a source is opened with, beside its options. */
export interface SourceContext {
  /** The project's root. */
  root: string;
  config: Config;
  /** Only these assets; undefined for the source's own choice. */
  assets: string[] | undefined;
  /** The latest price of each asset in earlier runs. */
  known: () => Promise<readonly KnownPrice[]>;
  notify: Notify;
}

/** A source for the command line: what `--source NAME` means. */
export interface SourceCommand {
  name: string;
  help: string;
  /** The options that only it, or it and few others, take. */
  options: readonly OptionSpec[];
  /**
   * Opens it.
   *
   * @param values of its options, by their names in camel case
   * @returns the source, and those of its settings that decide what the products are
   */
  open(
    values: Record<string, unknown>,
    context: SourceContext,
  ): Promise<{ source: Source; settings?: Record<string, string | number> }>;
}
