// Not the same as clearing the sign bit: another partition.

import { murmur2 } from "../../../../labs/log/partition.js";

export function partitionFor(key: string, partitions: number): number {
  return Math.abs(murmur2(new TextEncoder().encode(key))) % partitions;
}
