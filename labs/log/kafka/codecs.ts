import kafkajs from "kafkajs";
import { LabError, errorMessage } from "../../shared/errors.js";

// Kafka's producers compress batches by gzip, snappy, lz4 or zstd (`compression.type`). kafkajs has gzip and places for
// the others: here they are, for reading. The packages are loaded when the first batch needs one.

const { CompressionCodecs, CompressionTypes } = kafkajs;

/** Begins what snappy-java's SnappyOutputStream writes, which is what Kafka's Java producer uses. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
/** The magic, a version and the oldest version that can read it. */
const XERIAL_HEADER_BYTES = 16;

/** The length that a snappy block has when decompressed: a varint at its start. */
function snappyLength(block: Buffer): number {
  let length = 0;
  for (let index = 0; index < 5; index++) {
    const byte = block[index] ?? 0;
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) break;
  }
  return length;
}

/** The snappy blocks of a batch: several with their lengths (xerial's framing), or one alone (other clients). */
function snappyBlocks(batch: Buffer): Buffer[] {
  if (!batch.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return [batch];
  const blocks: Buffer[] = [];
  let position = XERIAL_HEADER_BYTES;
  while (position < batch.length) {
    const start = position + 4;
    const length = batch.readInt32BE(position);
    position = start + length;
    if (length <= 0 || position > batch.length) throw new Error("a block has a wrong length");
    blocks.push(batch.subarray(start, position));
  }
  return blocks;
}

async function decompressSnappy(batch: Buffer): Promise<Buffer> {
  const { decompressSnappy } = await import("hyparquet-compressors");
  return Buffer.concat(
    snappyBlocks(batch).map((block) => decompressSnappy(block, snappyLength(block))),
  );
}

async function decompressLz4(batch: Buffer): Promise<Buffer> {
  const { decompressFrame } = await import("lz4-napi");
  return decompressFrame(batch);
}

async function decompressZstd(batch: Buffer): Promise<Buffer> {
  const { decompressZstd } = await import("hyparquet-compressors");
  const bytes = decompressZstd(batch);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const isMissingPackage = (error: unknown) =>
  /cannot find (module|package|native binding)|dlopen|\.node\b/i.test(errorMessage(error));

function reader(codec: string, decompress: (batch: Buffer) => Promise<Buffer>) {
  return {
    decompress: (batch: Buffer) =>
      decompress(batch).catch((error: unknown) => {
        const why = errorMessage(error).split("\n")[0]!;
        throw new LabError(
          isMissingPackage(error)
            ? `the topic has batches compressed by ${codec}, and the package that reads them cannot be loaded (${why}): run npm ci, or set compression.type=gzip on the producer`
            : `a record batch compressed by ${codec} is corrupt: ${why}`,
        );
      }),
    compress: () =>
      Promise.reject(
        new LabError(`the lab reads batches compressed by ${codec} and writes gzip only`),
      ),
  };
}

/** Makes kafkajs read snappy, lz4 and zstd. */
export function registerCodecs(): void {
  const snappy = reader("snappy", decompressSnappy);
  const lz4 = reader("lz4", decompressLz4);
  const zstd = reader("zstd", decompressZstd);
  CompressionCodecs[CompressionTypes.Snappy] = () => snappy;
  CompressionCodecs[CompressionTypes.LZ4] = () => lz4;
  CompressionCodecs[CompressionTypes.ZSTD] = () => zstd;
}
