import kafkajs, { type Kafka } from "kafkajs";
import { LabError } from "../../shared/errors.js";
import { withAdmin } from "../../log/kafka/client.js";
import { sleep } from "../../shared/wait.js";

// Consumer groups: readers that share a topic's partitions among them and remember, in Kafka itself, how far they have
// come (Kafka documentation, "The Consumer"). The lab's engine uses none: its checkpoint remembers.

const { AssignerProtocol } = kafkajs;

/** A group's place in one partition. */
export interface PartitionLag {
  partition: number;
  /** The offset that the group reads next; 0 where it has committed none. */
  committed: number;
  /** The offset that the next record gets. */
  end: number;
  /** How many offsets the group is behind: as many records, or fewer where transactions or compaction left gaps. */
  lag: number;
}

/** How far a group is behind the ends of a topic's partitions. */
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

/** Makes Kafka forget how far a group has come. It must have no members. */
export async function forgetGroup(kafka: Kafka, groupId: string): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    const { groups } = await admin.listGroups();
    if (groups.some((group) => group.groupId === groupId)) await admin.deleteGroups([groupId]);
  });
}

/** A consumer in a group. */
export interface Member {
  leave(): Promise<void>;
}

/** A demonstration does not want to wait, as by default, for 3 s until a member hears of another one, nor for 5 s until it leaves. */
const HEARTBEAT_MS = 200;
const FETCH_WAIT_MS = 100;

/** Joins a group: the partitions are then shared anew among its members, which is called rebalancing. */
export async function joinGroup(kafka: Kafka, groupId: string, topic: string): Promise<Member> {
  const consumer = kafka.consumer({
    groupId,
    heartbeatInterval: HEARTBEAT_MS,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    allowAutoTopicCreation: false,
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const joined = new Promise<void>((resolve) => {
    consumer.on(consumer.events.GROUP_JOIN, () => resolve());
  });
  await consumer.run({ autoCommit: false, eachMessage: () => Promise.resolve() });
  await joined;
  return { leave: () => consumer.disconnect() };
}

const SETTLE_LIMIT_MS = 15_000;

/**
 * Which partitions each member of a group has, once it has so many members and all of them know their share.
 *
 * @throws LabError if that takes longer than a rebalance may
 */
export async function groupShares(
  kafka: Kafka,
  groupId: string,
  topic: string,
  members: number,
): Promise<number[][]> {
  const giveUpMs = performance.now() + SETTLE_LIMIT_MS;
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
      if (performance.now() > giveUpMs) {
        throw new LabError(
          `the group ${groupId} has ${group?.members.length ?? 0} members and is ${group?.state ?? "not there"}; ${members} were expected`,
        );
      }
      await sleep(HEARTBEAT_MS);
    }
  });
}

/**
 * Reads the next records of each partition as a member of a group, commits how far it has come, and leaves.
 *
 * @param perPartition how many of each partition; fewer where there are no more
 * @returns the values that were read, by partition
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
  const consumer = kafka.consumer({
    groupId,
    heartbeatInterval: HEARTBEAT_MS,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    allowAutoTopicCreation: false,
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const isEnough = (partition: number) =>
      read[partition]!.length === perPartition || positions[partition]! >= before[partition]!.end;
    const endIfDone = () => {
      if (before.every(({ partition }) => isEnough(partition))) resolve();
    };
    endIfDone();
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    // A batch may end with records that are not shown: the markers of transactions, and what was aborted.
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
