import type { Mutants } from "../mutants.js";

const ZIGZAG = "zigzag % 2n === 0n ? zigzag / 2n : -(zigzag + 1n) / 2n";
const NUMBERS: [string, string][] = [
  ["let zigzag = 0n;", "let zigzag = 0;"],
  [ZIGZAG, "zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2"],
];
const ADD = "zigzag |= BigInt(byte & 0x7f) << BigInt(7 * index);";

export const mutants: Mutants = {
  "in-32-bits": [
    "The operators of JavaScript's numbers work on 32 bits: times beyond them are wrong.",
    ["let zigzag = 0n;", "let zigzag = 0;"],
    [ADD, "zigzag |= (byte & 0x7f) << (7 * index);"],
    [ZIGZAG, "(zigzag >>> 1) ^ -(zigzag & 1)"],
  ],
  "in-53-bits": [
    "A number has 53 bits: in zigzag, a large time needs 54.",
    ...NUMBERS,
    [ADD, "zigzag += (byte & 0x7f) * 2 ** (7 * index);"],
  ],
  "without-zigzag": ["A long is taken for an unsigned number.", [ZIGZAG, "zigzag"]],
  "zigzag-off-by-one": [
    "The odd numbers stand for −1, −2, …, not for 0, −1, ….",
    [ZIGZAG, "zigzag % 2n === 0n ? zigzag / 2n : -(zigzag / 2n)"],
  ],
  "most-significant-first": [
    "The groups of 7 bits are put together in the wrong order.",
    [ADD, "zigzag = (zigzag << 7n) | BigInt(byte & 0x7f);"],
  ],
  "length-in-one-byte": [
    "From 64 bytes on, the length of a name takes two bytes.",
    [
      "const length = longAt(bytes, 5);",
      "const length = bytes.length < 6 ? undefined : { value: bytes[5]! >> 1, end: 6 };",
    ],
  ],
  "length-in-characters": [
    "The length counts bytes: a name with an é has more bytes than characters.",
    [
      "const priceAt = length.end + length.value;",
      'const asset = bytes.toString("utf8", length.end).slice(0, length.value);\n  const priceAt = length.end + Buffer.byteLength(asset);',
    ],
    ['  const asset = bytes.toString("utf8", length.end, priceAt);\n', ""],
  ],
  "double-of-a-network": [
    "Avro stores the least significant byte of a double first.",
    ["bytes.readDoubleLE(", "bytes.readDoubleBE("],
  ],
  "id-of-this-machine": [
    "The header has the most significant byte of the id first.",
    ["bytes.readUInt32BE(1)", "bytes.readUInt32LE(1)"],
  ],
  "id-with-a-sign": [
    "An id beyond 2³¹ becomes negative.",
    ["bytes.readUInt32BE(1)", "bytes.readInt32BE(1)"],
  ],
  "larger-buffer": [
    "It reads at an offset of the larger buffer of which the record is a part.",
    ["bytes.readDoubleLE(priceAt)", "new DataView(bytes.buffer).getFloat64(priceAt, true)"],
  ],
  "throws-when-cut": [
    "readDoubleLE throws at a record that is cut short.",
    ["  if (timeAt > bytes.length) return undefined;\n", ""],
  ],
  "more-bytes-ignored": [
    "Bytes that are left belong to a field that another schema has.",
    ["time === undefined || time.end !== bytes.length", "time === undefined"],
  ],
  "negative-length": [
    "A negative length leads back into the header.",
    ["length === undefined || length.value < 0", "length === undefined"],
  ],
  "any-magic-byte": [
    "Bytes of another format are taken for a record.",
    ["bytes.length < 5 || bytes[0] !== 0", "bytes.length < 5"],
  ],
  "any-time": [
    "A time that no Date can represent is returned.",
    ["  if (Math.abs(time.value) > 8.64e15) return undefined;\n", ""],
  ],
  "endless-number": [
    "A long of more than ten bytes is damage, not a number.",
    ["index < 10", "index < 100"],
  ],
};
