import { notDone } from "./not-done.js";

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
  // TODO
  return notDone(bytes);
}
