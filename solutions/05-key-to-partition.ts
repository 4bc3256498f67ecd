/**
 * The partition that Kafka's default partitioner chooses for a key: the hash of the key's UTF-8 bytes, with the sign bit
 * cleared, modulo the number of partitions.
 *
 * `murmur2(bytes)` returns the hash as Java does: a signed 32-bit integer. Clearing the sign bit sets the highest of the 32
 * bits to 0. That differs from the absolute value.
 */
export function partitionFor(
  key: string,
  partitions: number,
  murmur2: (bytes: Uint8Array) => number,
): number {
  return (murmur2(new TextEncoder().encode(key)) & 0x7fffffff) % partitions;
}
