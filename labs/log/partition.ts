/**
 * MurmurHash2 (32 bits) with Kafka's seed: the hash function of Kafka's default partitioner
 * (`org.apache.kafka.common.utils.Utils.murmur2`).
 *
 * @param length how many of the bytes are hashed; all by default
 * @returns a signed 32-bit integer, like Java's
 */
export function murmur2(bytes: Uint8Array, length = bytes.length): number {
  const multiplier = 0x5bd1e995;
  let hash = 0x9747b28c ^ length;
  const whole = length - (length % 4);
  for (let index = 0; index < whole; index += 4) {
    let word =
      bytes[index]! |
      (bytes[index + 1]! << 8) |
      (bytes[index + 2]! << 16) |
      (bytes[index + 3]! << 24);
    word = Math.imul(word, multiplier);
    word = Math.imul(word ^ (word >>> 24), multiplier);
    hash = Math.imul(hash, multiplier) ^ word;
  }
  if (length % 4 === 3) hash ^= bytes[whole + 2]! << 16;
  if (length % 4 >= 2) hash ^= bytes[whole + 1]! << 8;
  if (length % 4 >= 1) hash = Math.imul(hash ^ bytes[whole]!, multiplier);
  hash = Math.imul(hash ^ (hash >>> 13), multiplier);
  return hash ^ (hash >>> 15);
}

const encoder = new TextEncoder();
/** Keys are encoded here: a buffer for each of them would take longer than their hashes. */
const keyBytes = new Uint8Array(1_024);

/**
 * The partition of a key, as chosen by Kafka's default partitioner: the hash of the key's UTF-8 bytes, with the sign bit
 * cleared, modulo the number of partitions.
 */
export function partitionOf(key: string, partitions: number): number {
  const isShort = 3 * key.length <= keyBytes.length; // a UTF-16 unit takes at most three bytes
  const hash = isShort
    ? murmur2(keyBytes, encoder.encodeInto(key, keyBytes).written)
    : murmur2(encoder.encode(key));
  return (hash & 0x7fffffff) % partitions;
}
