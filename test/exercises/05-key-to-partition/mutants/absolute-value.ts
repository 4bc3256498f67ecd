// Not the same as clearing the sign bit: another partition.

export function partitionFor(
  key: string,
  partitions: number,
  murmur2: (bytes: Uint8Array) => number,
): number {
  return Math.abs(murmur2(new TextEncoder().encode(key))) % partitions;
}
