// Letters outside of ASCII have other bytes in UTF-8.

import { murmur2 } from "../../../../labs/log/partition.js";

export function partitionFor(key: string, partitions: number): number {
  return (
    (murmur2(Uint8Array.from(key, (letter) => letter.charCodeAt(0))) & 0x7fffffff) % partitions
  );
}
