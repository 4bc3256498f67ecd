import type { Message } from "../event.js";

/** The lab's topic. */
export const TOPIC = "crypto_prices";

/** A message with its place in the log. */
export interface LogRecord extends Message {
  /** 0 for a partition's first record, and one more for each that follows. */
  offset: number;
}

/**
 * An event log of one topic. A topic is split into partitions, a partition is an append-only sequence of
 * records numbered by offset. Messages of one key go to one partition and stay in order there.
 */
export interface EventLog {
  readonly topic: string;
  /** How many partitions the topic has. */
  readonly partitions: number;
  /** Appends messages, each to the partition of its key, in order. */
  append(messages: readonly Message[]): Promise<void>;
  /** Resolves when what was appended outlives a power cut, as far as the log promises that. */
  sync(): Promise<void>;
  /** For each partition the offset that its next record will get. */
  endOffsets(): Promise<number[]>;
  /**
   * The records from offset `from` to before offset `to`, in order, in pieces of bounded size.
   * @throws LabError if the log does not hold them all
   */
  read(partition: number, from: number, to: number): AsyncIterable<LogRecord[]>;
  close(): Promise<void>;
}
