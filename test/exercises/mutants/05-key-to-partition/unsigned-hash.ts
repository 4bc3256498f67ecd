// The highest bit is kept as a part of the number.

import { murmur2 } from "../../../../labs/log/partition.js";

export function partitionFor(key: string, partitions: number): number {
  return (murmur2(new TextEncoder().encode(key)) >>> 0) % partitions;
}
