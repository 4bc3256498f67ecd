import type { Message, Value } from "../event.js";

export const TOPIC = "crypto_prices";

/** A message with its place in the log. */
export interface LogRecord extends Message<Value> {
  /**
   * Greater than the offset of the previous record in the partition, usually by one. On Kafka it may be greater by more:
   * after the control record of a transaction, after an aborted transaction, or where compaction removed records.
   */
  offset: number;
}

export interface EndOffsetsOptions {
  /**
   * Include records of open transactions, and everything after them. The result is then the offsets of the next records to
   * be appended.
   */
  readUncommitted?: boolean;
  /**
   * Offsets that the log is known to have reached. A Kafka broker that has just started may briefly report lower end offsets;
   * it is then asked again.
   */
  atLeast?: readonly number[];
}

/**
 * An event log of one topic. A topic is divided into partitions; a partition is an append-only sequence of records numbered
 * by offset. Messages with the same key go to the same partition and stay in order.
 */
export interface EventLog {
  readonly topic: string;
  /** Describes the log in messages to the user. */
  readonly location: string;
  /**
   * How many partitions `append` writes to. A Kafka topic may have more, added later, to which only others write. Arrays of
   * offsets include all partitions.
   */
  readonly partitions: number;
  /** Appends messages, each to the partition of its key, in order. */
  append(messages: readonly Message<Value>[]): Promise<void>;
  /** Resolves when the appended records survive a power cut, as far as the log guarantees that. */
  sync(): Promise<void>;
  /** For each partition, the offset of its first record; its end offset if it is empty. */
  startOffsets(): Promise<number[]>;
  /** For each partition, the offset after its last readable record. */
  endOffsets(options?: EndOffsetsOptions): Promise<number[]>;
  /**
   * Reads the records from offset `from` to before offset `to`, in order, in pieces of bounded size. There may be fewer than
   * `to - from` records (see `LogRecord.offset`).
   *
   * @throws LabError if the range is not within the partition's start and end offsets
   */
  read(partition: number, from: number, to: number): AsyncIterable<LogRecord[]>;
  close(): Promise<void>;
}
