// The highest bit is kept as a part of the number.

export function partitionFor(
  key: string,
  partitions: number,
  murmur2: (bytes: Uint8Array) => number,
): number {
  return (murmur2(new TextEncoder().encode(key)) >>> 0) % partitions;
}
