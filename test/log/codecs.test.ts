import { randomBytes } from "node:crypto";
import kafkajs from "kafkajs";
import { expect, test } from "vitest";
import { LabError } from "../../labs/shared/errors.js";
import { registerCodecs } from "../../labs/log/kafka/codecs.js";

// That they read what Kafka's own producers write is tested in test/services/codecs.test.ts.

const { CompressionCodecs, CompressionTypes } = kafkajs;
registerCodecs();

const decompress = (type: keyof typeof CompressionCodecs, batch: Buffer) =>
  (CompressionCodecs[type]() as { decompress: (batch: Buffer) => Promise<Buffer> }).decompress(
    batch,
  );

/** A snappy block of one literal: its length as a varint, a tag, the bytes as they are. */
function snappyLiteral(bytes: Buffer): Buffer {
  const { length } = bytes;
  const varint = [(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14];
  const tag = [61 << 2, (length - 1) & 0xff, (length - 1) >> 8];
  return Buffer.concat([Buffer.from([...varint, ...tag]), bytes]);
}

function xerial(...blocks: Buffer[]): Buffer {
  const head = Buffer.from("82534e41505059000000000100000001", "hex");
  return Buffer.concat([
    head,
    ...blocks.flatMap((block) => {
      const length = Buffer.alloc(4);
      length.writeInt32BE(block.length);
      return [length, block];
    }),
  ]);
}

test("snappy is read in blocks with a frame, as Java writes it, and as one bare block, as others do", async () => {
  const [first, second] = [randomBytes(40_000), randomBytes(30_000)];
  const { Snappy } = CompressionTypes;
  expect(await decompress(Snappy, snappyLiteral(first))).toEqual(first);
  const framed = xerial(snappyLiteral(first), snappyLiteral(second));
  expect(await decompress(Snappy, framed)).toEqual(Buffer.concat([first, second]));
});

test("a batch that cannot be decompressed is an error that names its codec", async () => {
  const framed = xerial(snappyLiteral(randomBytes(40_000)));
  for (const [type, name, batch] of [
    [CompressionTypes.Snappy, "snappy", framed.subarray(0, 30_000)],
    [CompressionTypes.Snappy, "snappy", Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2])],
    [CompressionTypes.LZ4, "lz4", randomBytes(100)],
    [CompressionTypes.ZSTD, "zstd", randomBytes(100)],
  ] as const) {
    const error = await decompress(type, batch).catch((reason: unknown) => reason);
    expect(error, name).toBeInstanceOf(LabError);
    expect(String(error)).toContain(`a record batch compressed with ${name} is corrupt`);
  }
});
