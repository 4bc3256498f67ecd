import kafkajs from "kafkajs";
import { LabError, errorMessage } from "../../shared/errors.js";

// Kafka's producers compress batches with gzip, snappy, lz4 or zstd (`compression.type`). kafkajs ships only gzip; this
// module adds decompression of the others. Each package is imported when the first batch needs it.

const { CompressionCodecs, CompressionTypes } = kafkajs;

/** The header of snappy-java's SnappyOutputStream, which Kafka's Java producer uses. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
/** The magic bytes, the version, and the lowest compatible version. */
const XERIAL_HEADER_BYTES = 16;

/** The decompressed length of a snappy block: a varint at its start. */
function snappyLength(block: Buffer): number {
  let length = 0;
  for (let index = 0; index < 5; index++) {
    const byte = block[index] ?? 0;
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) break;
  }
  return length;
}

/** The snappy blocks of a batch: several, each with its length (xerial framing), or a single one (other clients). */
function snappyBlocks(batch: Buffer): Buffer[] {
  if (!batch.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return [batch];
  const blocks: Buffer[] = [];
  let position = XERIAL_HEADER_BYTES;
  while (position < batch.length) {
    const start = position + 4;
    const length = batch.readInt32BE(position);
    position = start + length;
    if (length <= 0 || position > batch.length) throw new Error("a block has an invalid length");
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
            ? `the topic has batches compressed with ${codec}, but the package that reads them cannot be loaded (${why}): run npm ci, or set compression.type=gzip on the producer`
            : `a record batch compressed with ${codec} is corrupt: ${why}`,
        );
      }),
    compress: () =>
      Promise.reject(
        new LabError(`the lab can read batches compressed with ${codec}, but writes only gzip`),
      ),
  };
}

/** Enables kafkajs to read snappy, lz4 and zstd. */
export function registerCodecs(): void {
  const snappy = reader("snappy", decompressSnappy);
  const lz4 = reader("lz4", decompressLz4);
  const zstd = reader("zstd", decompressZstd);
  CompressionCodecs[CompressionTypes.Snappy] = () => snappy;
  CompressionCodecs[CompressionTypes.LZ4] = () => lz4;
  CompressionCodecs[CompressionTypes.ZSTD] = () => zstd;
}
