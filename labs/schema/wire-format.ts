// How a record says which schema its bytes follow: the wire format of Confluent's clients ("Wire format" in the documentation of
// Schema Registry). One byte 0, the magic byte, then the id of the schema as an integer of four bytes, the most significant
// first, then the encoded value.

const MAGIC_BYTE = 0;
const HEADER_BYTES = 5;

/** A value with the id of its schema. */
export interface WithSchemaId {
  schemaId: number;
  /** The encoded value: a part of the record's bytes, not a copy. */
  value: Buffer;
}

/** Puts the header in front of an encoded value. @param schemaId from 0 to 2³² − 1 */
export function addHeader(schemaId: number, value: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + value.length);
  bytes[0] = MAGIC_BYTE;
  bytes.writeUInt32BE(schemaId, 1);
  bytes.set(value, HEADER_BYTES);
  return bytes;
}

/** Takes the header off. @returns undefined if the bytes do not begin with one; JSON never does, because no text begins with a byte 0 */
export function takeHeader(bytes: Buffer): WithSchemaId | undefined {
  if (bytes.length < HEADER_BYTES || bytes[0] !== MAGIC_BYTE) return undefined;
  return { schemaId: bytes.readUInt32BE(1), value: bytes.subarray(HEADER_BYTES) };
}
