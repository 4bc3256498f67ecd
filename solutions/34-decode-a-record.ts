/** What a record in Avro holds: a price, and the id of the schema with which it was written. */
export interface DecodedPrice {
  schemaId: number;
  asset: string;
  priceUsd: number;
  /** Milliseconds since the epoch. */
  eventTimeMs: number;
}

/**
 * Decodes a price event by hand, without a library. Its bytes are, without anything between them:
 *
 * - the header: one byte 0, then the id of the schema, an unsigned integer of 4 bytes, the most significant byte first;
 * - `asset`, a string: how many bytes follow, as a long, then that many bytes of UTF-8;
 * - `price_usd`, a double: 8 bytes (IEEE 754), the least significant byte first; any double is allowed, also NaN;
 * - `event_time`, a long: milliseconds since the epoch.
 *
 * A long is a number of variable length. Each byte contributes its 7 lower bits, the first byte the least significant ones. The
 * highest bit of a byte is 1 if another byte follows; 10 bytes are the most. The unsigned number z that results stands for z / 2
 * if z is even, and for −(z + 1) / 2 if z is odd ("zigzag"): 0, 1, 2, 3 stand for 0, −1, 1, −2.
 *
 * Returns undefined, and never throws, if the bytes are not such a record:
 *
 * - the first byte is not 0;
 * - the bytes end before the record does, or continue after it;
 * - a long has more than 10 bytes, or the length of the string is negative;
 * - the time is one that a `Date` cannot represent: more than 8.64e15 ms before or after the epoch.
 *
 * The bytes of a string are always valid UTF-8. Like the records of a Kafka client, `bytes` may be a part of a larger buffer.
 */
export function decodePrice(bytes: Buffer): DecodedPrice | undefined {
  if (bytes.length < 5 || bytes[0] !== 0) return undefined;
  const schemaId = bytes.readUInt32BE(1);
  const length = longAt(bytes, 5);
  if (length === undefined || length.value < 0) return undefined;
  const priceAt = length.end + length.value;
  const timeAt = priceAt + 8;
  if (timeAt > bytes.length) return undefined;
  const asset = bytes.toString("utf8", length.end, priceAt);
  const priceUsd = bytes.readDoubleLE(priceAt);
  const time = longAt(bytes, timeAt);
  if (time === undefined || time.end !== bytes.length) return undefined;
  if (Math.abs(time.value) > 8.64e15) return undefined;
  return { schemaId, asset, priceUsd, eventTimeMs: time.value };
}

/** The long that begins at an offset, and the offset after it. */
function longAt(bytes: Buffer, start: number): { value: number; end: number } | undefined {
  let zigzag = 0n;
  for (let index = 0; index < 10; index++) {
    const byte = bytes[start + index];
    if (byte === undefined) return undefined;
    zigzag |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) {
      const value = zigzag % 2n === 0n ? zigzag / 2n : -(zigzag + 1n) / 2n;
      return { value: Number(value), end: start + index + 1 };
    }
  }
  return undefined;
}
