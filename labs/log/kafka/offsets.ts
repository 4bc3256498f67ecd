import { LabError } from "../../shared/errors.js";
import { sleep } from "../../shared/wait.js";
import type { EndOffsetsOptions } from "../log.js";
import type { TopicCluster } from "./cluster.js";
import { EARLIEST, LATEST, listOffsets } from "./fetch.js";

const SETTLE_MS = 100;
/** How long a broker that has just started may report lower end offsets than it has. */
const MAX_SETTLE_MS = 5_000;

/** For each partition of a topic, the offset of its first record; its end offset if it is empty. */
export const startOffsets = (cluster: TopicCluster): Promise<number[]> =>
  cluster.attempt("Describe", (each) => listOffsets(each, cluster.topic, EARLIEST));

/** For each partition, the offset to read up to; see `EventLog.endOffsets`. */
export async function endOffsets(
  cluster: TopicCluster,
  { atLeast = [], readUncommitted }: EndOffsetsOptions = {},
): Promise<number[]> {
  const deadlineMs = performance.now() + MAX_SETTLE_MS;
  for (;;) {
    const ends = await cluster.attempt("Describe", (each) =>
      listOffsets(each, cluster.topic, LATEST, readUncommitted),
    );
    const isLess = atLeast.some((offset, partition) => (ends[partition] ?? 0) < offset);
    if (!isLess || performance.now() > deadlineMs) return ends;
    await sleep(SETTLE_MS);
  }
}

/**
 * The end offsets of a topic's first partitions, once they no longer change: records that a terminated producer had sent may
 * still be in transit, and a broker that has just started may report lower offsets.
 *
 * @param partitions how many partitions
 * @param atLeast offsets that the topic is known to have reached
 * @throws LabError if the offsets do not settle within the cluster's `patienceMs`
 */
export async function settledEndOffsets(
  cluster: TopicCluster,
  partitions: number,
  atLeast: readonly number[] = [],
): Promise<number[]> {
  const { topic, patienceMs } = cluster;
  const nextOffsets = async () =>
    (await endOffsets(cluster, { readUncommitted: true })).slice(0, partitions);
  const deadlineMs = performance.now() + patienceMs;
  for (let before = await nextOffsets(); ;) {
    await sleep(SETTLE_MS);
    const now = await nextOffsets();
    const isStill = now.every((end, partition) => end === before[partition]);
    const isLess = now.some((end, partition) => end < (atLeast[partition] ?? 0));
    if (isStill && !isLess) return now;
    if (performance.now() > deadlineMs) {
      throw new LabError(
        isLess
          ? `the topic ${topic} has lost records: it ends at offsets ${now.join(", ")}, expected at least ${atLeast.join(", ")}; start over with --fresh`
          : `another program keeps writing to the topic ${topic}: stop it, or choose another --out, which gets its own topic`,
      );
    }
    before = now;
  }
}
