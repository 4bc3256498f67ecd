import type { Message } from "../event.js";

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

/** Told of what a person should know but need not act on: a retry, a reconnect, an unknown asset. */
export type Report = (notice: string) => void;
