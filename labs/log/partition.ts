/**
 * MurmurHash2 (32 bits) with Kafka's seed: the hash function of Kafka's default partitioner
 * (`org.apache.kafka.common.utils.Utils.murmur2`).
 *
 * @returns a signed 32-bit integer, like Java's
 */
export function murmur2(bytes: Uint8Array): number {
  const multiplier = 0x5bd1e995;
  const length = bytes.length;
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

/**
 * The partition of a key, as chosen by Kafka's default partitioner: the hash of the key's UTF-8 bytes, with the sign bit
 * cleared, modulo the number of partitions.
 */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;
}
