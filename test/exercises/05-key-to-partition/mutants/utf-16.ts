// Letters outside of ASCII have other bytes in UTF-8.

export function partitionFor(
  key: string,
  partitions: number,
  murmur2: (bytes: Uint8Array) => number,
): number {
  return (
    (murmur2(Uint8Array.from(key, (letter) => letter.charCodeAt(0))) & 0x7fffffff) % partitions
  );
}
