import type { Message } from "../event.js";

/** The lab's topic. */
export const TOPIC = "crypto_prices";

/** A message with its place in the log. */
export interface LogRecord extends Message {
  /**
   * Larger than that of the record before it in the partition, usually by one. On Kafka by more where a transaction
   * wrote its marker, was aborted, or compaction removed records.
   */
  offset: number;
}

export interface EndOffsetsOptions {
  /**
   * Count records of transactions that are still open, and what comes after them, too: then these are the offsets that
   * the next records get.
   */
  readUncommitted?: boolean;
  /**
   * Offsets that are known to have been there: a Kafka broker that has just started may show fewer for a moment, so it
   * is asked again.
   */
  atLeast?: readonly number[];
}

/**
 * An event log of one topic. A topic is split into partitions, a partition is an append-only sequence of
 * records numbered by offset. Messages of one key go to one partition and stay in order there.
 */
export interface EventLog {
  readonly topic: string;
  /** Where it is, for messages. */
  readonly location: string;
  /**
   * How many partitions `append` writes to. A topic of Kafka may have more: they were added to it later, and only
   * others write to them. Offsets are of all partitions.
   */
  readonly partitions: number;
  /** Appends messages, each to the partition of its key, in order. */
  append(messages: readonly Message[]): Promise<void>;
  /** Resolves when what was appended outlives a power cut, as far as the log promises that. */
  sync(): Promise<void>;
  /** For each partition the offset of its first record; its end offset where it has none. */
  startOffsets(): Promise<number[]>;
  /** For each partition the offset to read up to: the one after its last record that can be read. */
  endOffsets(options?: EndOffsetsOptions): Promise<number[]>;
  /**
   * The records from offset `from` to before offset `to`, in order, in pieces of bounded size. There may be fewer than
   * `to - from` (see `LogRecord.offset`).
   *
   * @throws LabError if the range is not within the partition's start and end offsets
   */
  read(partition: number, from: number, to: number): AsyncIterable<LogRecord[]>;
  close(): Promise<void>;
}
