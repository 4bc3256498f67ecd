import { notDone } from "./not-done.js";

/**
 * The partition of a key, as Kafka's default partitioner chooses it: the hash of the key's UTF-8 bytes, its sign bit
 * cleared, modulo the number of partitions.
 *
 * `murmur2(bytes)` gives the hash, as in Java: a signed integer of 32 bits. To clear its sign bit is to set the highest of the
 * 32 bits to 0, which is not the same as taking the number's absolute value.
 */
export function partitionFor(
  key: string,
  partitions: number,
  murmur2: (bytes: Uint8Array) => number,
): number {
  // TODO
  return notDone(key, partitions, murmur2);
}
