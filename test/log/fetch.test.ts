/// <reference path="../../labs/log/kafka/kafkajs-cluster.d.ts" />
import fc from "fast-check";
import type Cluster from "kafkajs/src/cluster/index.js";
import { expect, test } from "vitest";
import { fetchRecords } from "../../labs/log/kafka/fetch.js";

interface Batch {
  first: number;
  last: number;
  /** Offsets of the records that compaction has kept. */
  kept: number[];
  bytes: number;
}

/** A partition after compaction: batches without records, and with gaps within and between them. */
const partition = fc
  .array(
    fc.record({
      gap: fc.nat(3),
      keeps: fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
      bytes: fc.integer({ min: 1, max: 30 }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((drawn) => {
    let next = 0;
    return drawn.map(({ gap, keeps, bytes }): Batch => {
      const first = next + gap;
      next = first + keeps.length;
      const kept = keeps.flatMap((keep, index) => (keep ? [first + index] : []));
      return { first, last: next - 1, kept, bytes };
    });
  });

/**
 * A broker of one partition that gives at most so many bytes at once, but always the first batch (KIP-74), and what
 * kafkajs makes of it: it leaves out a batch that is cut, and shows nothing of one without records.
 */
function brokerOf(batches: readonly Batch[], mostBytes: number): Cluster {
  const stable = batches.at(-1)!.last + 1;
  function fetch(request: Parameters<Cluster.Broker["fetch"]>[0]) {
    const { fetchOffset, maxBytes } = request.topics[0]!.partitions[0]!;
    let room = Math.min(maxBytes, mostBytes);
    const given: Batch[] = [];
    for (const batch of batches.filter(({ last }) => last >= Number(fetchOffset))) {
      room -= batch.bytes;
      if (given.length > 0 && room < 0) break;
      given.push(batch);
    }
    const messages = given.flatMap(({ first, last, kept }) =>
      kept.map((offset) => ({
        offset: String(offset),
        timestamp: "0",
        key: null,
        value: null,
        isControlRecord: false,
        batchContext: {
          firstOffset: String(first),
          lastOffsetDelta: last - first,
          producerId: "1",
          inTransaction: false,
        },
      })),
    );
    const found = { partition: 0, lastStableOffset: String(stable), abortedTransactions: null };
    return Promise.resolve({
      responses: [{ topicName: "t", partitions: [{ ...found, messages }] }],
    });
  }
  const broker = { fetch } as Cluster.Broker;
  return {
    findLeaderForPartitions: () => ({ 1: [0] }),
    findBroker: () => Promise.resolve(broker),
  } as unknown as Cluster;
}

test("no record is passed over, whatever compaction has emptied and however little the broker gives", async () => {
  await fc.assert(
    fc.asyncProperty(partition, fc.integer({ min: 1, max: 60 }), async (batches, mostBytes) => {
      const cluster = brokerOf(batches, mostBytes);
      const end = batches.at(-1)!.last + 1;
      const read: number[] = [];
      for (let from = 0; from < end;) {
        const { records, next } = await fetchRecords(cluster, "t", 0, from, 20);
        read.push(...records.map(({ offset }) => offset));
        expect(next).toBeGreaterThan(from);
        from = next;
      }
      expect(read).toEqual(batches.flatMap(({ kept }) => kept));
    }),
  );
});
