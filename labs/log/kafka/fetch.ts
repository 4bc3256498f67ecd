/// <reference path="./kafkajs-cluster.d.ts" />
import type Cluster from "kafkajs/src/cluster/index.js";
import { valueOf } from "../../event.js";
import type { LogRecord } from "../log.js";

// The requests of a reader of committed records (`isolation.level=read_committed`; KIP-98).

const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;
/** Special timestamps in a ListOffsets request. */
export const EARLIEST = -2;
export const LATEST = -1;
const FETCH_WAIT_MS = 100;
/** The default maximum that a broker returns at once (`fetch.max.bytes`): more than any batch. */
const LARGE_FETCH_BYTES = 55 * 1024 * 1024;

/**
 * For each partition of a topic, its first offset or its end offset. For a reader of committed records, the end is the last
 * stable offset: the first offset of the earliest open transaction or, if none is open, the offset of the next record.
 *
 * Refreshes the metadata first, because partitions may have been added.
 */
export async function listOffsets(
  cluster: Cluster,
  topic: string,
  timestamp: typeof EARLIEST | typeof LATEST,
  readUncommitted = false,
): Promise<number[]> {
  await cluster.refreshMetadata();
  const partitions = cluster.findTopicPartitionMetadata(topic).map((each) => each.partitionId);
  const byLeader = Object.entries(cluster.findLeaderForPartitions(topic, partitions));
  const offsets = new Array<number>(partitions.length).fill(0);
  await Promise.all(
    byLeader.map(async ([nodeId, own]) => {
      const broker = await cluster.findBroker({ nodeId });
      const { responses } = await broker.listOffsets({
        isolationLevel: readUncommitted ? READ_UNCOMMITTED : READ_COMMITTED,
        topics: [{ topic, partitions: own.map((partition) => ({ partition, timestamp })) }],
      });
      for (const { partition, offset } of responses.flatMap((each) => each.partitions)) {
        offsets[partition] = Number(offset);
      }
    }),
  );
  return offsets;
}

export interface Fetched {
  records: LogRecord[];
  /** Where to fetch from next. */
  next: number;
  /** The partition's last stable offset. */
  stable: number;
}

/** The records without those of aborted transactions and without the control records that end transactions. */
function committedRecords({
  messages,
  abortedTransactions,
}: Cluster.FetchedPartition): Cluster.FetchedRecord[] {
  const toCome = (abortedTransactions ?? [])
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: Number(firstOffset) }))
    .sort((a, b) => b.firstOffset - a.firstOffset);
  const aborted = new Set<string>();
  return messages.filter(({ offset, isControlRecord, batchContext }) => {
    while (toCome.length > 0 && toCome.at(-1)!.firstOffset <= Number(offset)) {
      aborted.add(toCome.pop()!.producerId);
    }
    if (batchContext === undefined) return true;
    if (isControlRecord) aborted.delete(batchContext.producerId);
    return (
      !isControlRecord && !(batchContext.inTransaction && aborted.has(batchContext.producerId))
    );
  });
}

function toRecord({ key, value, timestamp, offset }: Cluster.FetchedRecord): LogRecord {
  return {
    offset: Number(offset),
    timestampMs: Number(timestamp),
    key: key?.toString() ?? "",
    value: value ? valueOf(value) : "",
  };
}

/** Fetches committed records of a partition, starting at an offset, up to about `maxBytes`. */
export async function fetchRecords(
  cluster: Cluster,
  topic: string,
  partition: number,
  from: number,
  maxBytes: number,
): Promise<Fetched> {
  const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
  if (nodeId === undefined) throw new Error(`partition ${partition} of ${topic} has no leader`);
  const broker = await cluster.findBroker({ nodeId });
  const { responses, throttleTime, clientSideThrottleTime } = await broker.fetch({
    isolationLevel: READ_COMMITTED,
    maxWaitTime: FETCH_WAIT_MS,
    minBytes: 1,
    maxBytes,
    topics: [{ topic, partitions: [{ partition, fetchOffset: String(from), maxBytes }] }],
  });
  const found = responses[0]!.partitions[0]!;
  const stable = Number(found.lastStableOffset);
  const last = found.messages.at(-1);
  if (last !== undefined) {
    const { firstOffset, lastOffsetDelta } = last.batchContext ?? {
      firstOffset: last.offset,
      lastOffsetDelta: 0,
    };
    return {
      // A fetch returns whole batches, so it may begin before the offset.
      records: committedRecords(found)
        .filter(({ offset }) => Number(offset) >= from)
        .map(toRecord),
      next: Number(firstOffset) + lastOffsetDelta + 1,
      stable,
    };
  }
  const isThrottled = (throttleTime ?? 0) > 0 || (clientSideThrottleTime ?? 0) > 0;
  if (from >= stable || isThrottled) return { records: [], next: from, stable };
  // Compaction keeps the last batch of a producer even when its records are gone; kafkajs does not return such a batch.
  if (maxBytes < LARGE_FETCH_BYTES) {
    return fetchRecords(cluster, topic, partition, from, LARGE_FETCH_BYTES);
  }
  // If the broker returned less than was asked for, kafkajs also drops the incomplete large batch after such a batch. So
  // advance by only one offset: the broker returns the batch that holds it.
  return { records: [], next: from + 1, stable };
}
