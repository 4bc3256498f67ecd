import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../../shared/errors.js";

// The files of a Kafka broker: a folder for each partition, which contains segments `OFFSET.log`; a segment is a sequence of
// record batches (Kafka documentation, "Message Format"; version 2, KIP-98).

/** The header of a record batch, which a broker can read without decompressing the batch. */
export interface BatchHeader {
  /** Its position in the file, in bytes. */
  position: number;
  baseOffset: number;
  records: number;
  /** Its length in bytes, including the header. */
  bytes: number;
  compression: "none" | "gzip" | "snappy" | "lz4" | "zstd";
  /** The id of the idempotent producer that wrote it; null for other producers. */
  producerId: number | null;
  /** That producer's sequence number of the first record; null for other producers. */
  baseSequence: number | null;
  /** The largest timestamp of its records, milliseconds since the epoch. */
  maxTimestampMs: number;
}

const HEADER_BYTES = 61;
const COMPRESSIONS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

/** The first segment of a topic's first partition, from the broker's data folder (`log.dirs`). */
export const readSegment = (dataFolder: string, topic: string): Promise<Buffer> =>
  readFile(join(dataFolder, `${topic}-0`, `${"0".repeat(20)}.log`));

/** Reads the headers of all batches in a segment. @throws LabError if its format is not version 2 */
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
