import { LabError } from "../../shared/errors.js";
import type { LogRecord } from "../log.js";
import type { TopicCluster } from "./cluster.js";
import { isKafkaError, kafkaError } from "./errors.js";
import { fetchRecords, type Fetched } from "./fetch.js";
import { endOffsets, startOffsets } from "./offsets.js";

/** The size of one fetch of a partition: READ_AHEAD_BYTES divided by the number of partitions, within these bounds. */
const MAX_FETCH_BYTES = 1024 * 1024;
const MIN_FETCH_BYTES = 64 * 1024;
const READ_AHEAD_BYTES = 32 * 1024 * 1024;

/** Reads committed records of a topic; see `EventLog.read`. */
export type TopicReader = (
  partition: number,
  from: number,
  to: number,
) => AsyncGenerator<LogRecord[]>;

/** Records that were fetched from a partition but not yet read. */
interface Piece extends Fetched {
  /** The next piece, fetched while this one is read. */
  following?: Promise<Piece>;
}

/**
 * Opens a reader of a topic. The caller chooses the offsets, as Spark does; the reader prefetches.
 *
 * @param partitions how many partitions share the memory for prefetching
 */
export function openReader(cluster: TopicCluster, partitions: number): TopicReader {
  const { topic, address, patienceMs } = cluster;
  /** For each partition, the prefetched piece and the offset that it starts at. */
  const ahead: ({ from: number; piece: Promise<Piece> } | undefined)[] = [];
  const fetchBytes = Math.max(
    MIN_FETCH_BYTES,
    Math.min(MAX_FETCH_BYTES, READ_AHEAD_BYTES / partitions),
  );

  function fetch(partition: number, from: number): Promise<Piece> {
    const piece = cluster.attempt("Read", (each) =>
      fetchRecords(each, topic, partition, from, fetchBytes),
    );
    piece.catch(() => {}); // an error is thrown when the piece is read
    return piece;
  }

  async function* read(partition: number, from: number, to: number): AsyncGenerator<LogRecord[]> {
    let deadlineMs = performance.now() + patienceMs;
    for (let next = from; next < to;) {
      const fetched = ahead[partition];
      ahead[partition] = undefined;
      const piece = await (fetched?.from === next ? fetched.piece : fetch(partition, next)).catch(
        async (error: unknown) => {
          throw isKafkaError(error, "OFFSET_OUT_OF_RANGE") ? await missing(partition, next) : error;
        },
      );
      if (piece.next === next) {
        if (performance.now() > deadlineMs) throw await missing(partition, next);
        continue;
      }
      deadlineMs = performance.now() + patienceMs;
      // Only existing records are prefetched: a broker delays a fetch that finds none.
      const isMore = piece.following === undefined && piece.next < piece.stable;
      const following = isMore ? fetch(partition, piece.next) : piece.following;
      let { records } = piece;
      if (piece.next > to) {
        const count = records.findIndex(({ offset }) => offset >= to);
        const rest = count < 0 ? [] : records.slice(count);
        if (count >= 0) records = records.slice(0, count);
        ahead[partition] = {
          from: to,
          piece: Promise.resolve({ ...piece, records: rest, following }),
        };
      } else if (following !== undefined) {
        ahead[partition] = { from: piece.next, piece: following };
      }
      next = piece.next;
      if (records.length > 0) yield records;
    }
  }

  /** Explains why a record cannot be read. */
  async function missing(partition: number, offset: number): Promise<LabError> {
    const start = (await startOffsets(cluster))[partition];
    const end = (await endOffsets(cluster))[partition];
    if (start === undefined || end === undefined) {
      return new LabError(
        `the topic ${topic} no longer has partition ${partition}: it was deleted and recreated; start over with --fresh, or choose another --out`,
      );
    }
    if (offset < start || offset >= end) {
      const held = start === end ? "no records" : `offsets ${start}–${end - 1}`;
      return new LabError(
        `partition ${partition} of the topic ${topic} holds ${held}; offset ${offset} is missing: start over with --fresh, or choose another --out`,
      );
    }
    return kafkaError(address, `no record received for ${patienceMs / 1_000} s`);
  }

  return read;
}
