import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../../shared/errors.js";

// What a Kafka broker has on its disk: for each partition a folder, in it segments `OFFSET.log`, in them record batches
// one after the other (Kafka documentation, "Message Format"; version 2, KIP-98).

/** The head of a record batch: what a broker knows of it without unpacking it. */
export interface BatchHeader {
  /** Where in the file it begins, bytes. */
  position: number;
  baseOffset: number;
  records: number;
  /** Length with its head, bytes. */
  bytes: number;
  compression: "none" | "gzip" | "snappy" | "lz4" | "zstd";
  /** The idempotent producer that wrote it; null for any other. */
  producerId: number | null;
  /** That producer's number of the batch's first record; null for any other. */
  baseSequence: number | null;
  /** The latest timestamp of its records, milliseconds since the epoch. */
  maxTimestampMs: number;
}

/** The length of a batch's head. */
const HEADER_BYTES = 61;
const COMPRESSIONS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

/** The first segment of a topic's first partition, as it lies in the broker's data folder (`log.dirs`). */
export const readSegment = (dataFolder: string, topic: string): Promise<Buffer> =>
  readFile(join(dataFolder, `${topic}-0`, `${"0".repeat(20)}.log`));

/** Reads the heads of all batches of a segment file. @throws LabError if it is none of message format 2 */
export function readBatchHeaders(segment: Buffer): BatchHeader[] {
  const headers: BatchHeader[] = [];
  let position = 0;
  while (position + HEADER_BYTES <= segment.length) {
    const batch = segment.subarray(position);
    const magic = batch.readInt8(16);
    if (magic !== 2) {
      throw new LabError(`expected a record batch of format 2 at byte ${position}, found ${magic}`);
    }
    const bytes = 12 + batch.readInt32BE(8);
    const producerId = Number(batch.readBigInt64BE(43));
    const isNumbered = producerId >= 0;
    headers.push({
      position,
      baseOffset: Number(batch.readBigInt64BE(0)),
      records: batch.readInt32BE(57),
      bytes,
      compression: COMPRESSIONS[batch.readInt16BE(21) & 7] ?? "none",
      producerId: isNumbered ? producerId : null,
      baseSequence: isNumbered ? batch.readInt32BE(53) : null,
      maxTimestampMs: Number(batch.readBigInt64BE(35)),
    });
    position += bytes;
  }
  return headers;
}
