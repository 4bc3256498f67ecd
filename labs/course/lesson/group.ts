import kafkajs, { type Consumer, type Kafka } from "kafkajs";
import { LabError } from "../../shared/errors.js";
import { withAdmin } from "../../log/kafka/client.js";
import { sleep } from "../../shared/wait.js";

// Consumer groups: consumers that share the partitions of a topic and commit their offsets to Kafka (Kafka documentation,
// "The Consumer"). The lab's engine uses none: its offsets are in its checkpoint.

const { AssignerProtocol } = kafkajs;

export interface PartitionLag {
  partition: number;
  /** The offset that the group reads next; 0 if it has committed none. */
  committed: number;
  /** The offset of the next record to be appended. */
  end: number;
  /** The difference in offsets. There are as many unread records, or fewer if transactions or compaction left gaps. */
  lag: number;
}

export async function groupLag(
  kafka: Kafka,
  groupId: string,
  topic: string,
): Promise<PartitionLag[]> {
  return withAdmin(kafka, async (admin) => {
    const [ours] = await admin.fetchOffsets({ groupId, topics: [topic] });
    const committed = new Map(
      ours?.partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]),
    );
    return (await admin.fetchTopicOffsets(topic))
      .map(({ partition, high }) => {
        const from = committed.get(partition) ?? 0;
        return { partition, committed: from, end: Number(high), lag: Number(high) - from };
      })
      .sort((a, b) => a.partition - b.partition);
  });
}

/** Deletes a group and its committed offsets. It must have no members. */
export async function forgetGroup(kafka: Kafka, groupId: string): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    const { groups } = await admin.listGroups();
    if (groups.some((group) => group.groupId === groupId)) await admin.deleteGroups([groupId]);
  });
}

/** By default, a member learns of another one after 3 s and takes 5 s to leave: too long for a demonstration. */
const HEARTBEAT_MS = 200;
const FETCH_WAIT_MS = 100;

async function openConsumer(kafka: Kafka, groupId: string, topic: string): Promise<Consumer> {
  const consumer = kafka.consumer({
    groupId,
    heartbeatInterval: HEARTBEAT_MS,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    allowAutoTopicCreation: false,
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  return consumer;
}

/** Joins a group with a consumer. Its partitions are then redistributed among the members (a rebalance). */
export async function joinGroup(kafka: Kafka, groupId: string, topic: string) {
  const consumer = await openConsumer(kafka, groupId, topic);
  const joined = new Promise<void>((resolve) => {
    consumer.on(consumer.events.GROUP_JOIN, () => resolve());
  });
  await consumer.run({ autoCommit: false, eachMessage: () => Promise.resolve() });
  await joined;
  return { leave: () => consumer.disconnect() };
}

const SETTLE_LIMIT_MS = 15_000;

/**
 * The partitions of each member of a group, once the group has this many members and is stable.
 *
 * @throws LabError if that takes longer than a rebalance should
 */
export async function groupShares(
  kafka: Kafka,
  groupId: string,
  topic: string,
  members: number,
): Promise<number[][]> {
  const deadlineMs = performance.now() + SETTLE_LIMIT_MS;
  return withAdmin(kafka, async (admin) => {
    for (;;) {
      const { groups } = await admin.describeGroups([groupId]);
      const [group] = groups;
      if (group?.state === "Stable" && group.members.length === members) {
        return group.members
          .map(({ memberAssignment }) => {
            const decoded = AssignerProtocol.MemberAssignment.decode(memberAssignment);
            return [...(decoded?.assignment[topic] ?? [])].sort((a, b) => a - b);
          })
          .sort((a, b) => b.length - a.length || a[0]! - b[0]!);
      }
      if (performance.now() > deadlineMs) {
        throw new LabError(
          `expected the group ${groupId} to be Stable with ${members} members, found ${group?.state ?? "no group"} with ${group?.members.length ?? 0}`,
        );
      }
      await sleep(HEARTBEAT_MS);
    }
  });
}

/**
 * Joins a group, reads the next records of each partition, commits the offsets, and leaves.
 *
 * @param perPartition the number of records per partition; fewer if there are no more
 * @returns the values read, by partition
 */
export async function consumeAsGroup(
  kafka: Kafka,
  groupId: string,
  topic: string,
  perPartition: number,
): Promise<string[][]> {
  const before = await groupLag(kafka, groupId, topic);
  const read = before.map(() => [] as string[]);
  const positions = before.map(({ committed }) => committed);
  const consumer = await openConsumer(kafka, groupId, topic);
  await new Promise<void>((resolve, reject) => {
    const isEnough = (partition: number) =>
      read[partition]!.length === perPartition || positions[partition]! >= before[partition]!.end;
    const endIfDone = () => {
      if (before.every(({ partition }) => isEnough(partition))) resolve();
    };
    endIfDone();
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    // A batch may end with records that are not delivered: control records, and records of aborted transactions.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
      if (!isEnough(partition)) positions[partition] = Number(lastOffset) + 1;
      endIfDone();
    });
    consumer
      .run({
        autoCommit: false,
        eachMessage: ({ partition, message }) => {
          if (!isEnough(partition)) {
            read[partition]!.push(message.value?.toString() ?? "");
            positions[partition] = Number(message.offset) + 1;
          }
          endIfDone();
          return Promise.resolve();
        },
      })
      .catch(reject);
  });
  await consumer.commitOffsets(
    positions.map((position, partition) => ({ topic, partition, offset: String(position) })),
  );
  await consumer.disconnect();
  return read;
}
