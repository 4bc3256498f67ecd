import kafkajs, { type Kafka } from "kafkajs";
import { LabError } from "../../shared/errors.js";
import { withAdmin } from "../../log/kafka/client.js";
import { sleep } from "../../shared/wait.js";

const { AssignerProtocol } = kafkajs;

const POLL_MS = 200;
/** A member whose session expired (30 s by default) joins again after that, so the limit is twice as long. */
const SETTLE_LIMIT_MS = 60_000;

/**
 * The partitions of each member of a consumer group by its member id, once the group has this many members and is stable.
 *
 * @throws LabError if that takes longer than a rebalance should
 */
export async function groupShares(
  kafka: Kafka,
  groupId: string,
  topic: string,
  members: number,
): Promise<Record<string, number[]>> {
  const deadlineMs = performance.now() + SETTLE_LIMIT_MS;
  return withAdmin(kafka, async (admin) => {
    for (;;) {
      const { groups } = await admin.describeGroups([groupId]);
      const [group] = groups;
      if (group?.state === "Stable" && group.members.length === members) {
        return Object.fromEntries(
          group.members.map(({ memberId, memberAssignment }) => {
            const decoded = AssignerProtocol.MemberAssignment.decode(memberAssignment);
            return [memberId, [...(decoded?.assignment[topic] ?? [])].sort((a, b) => a - b)];
          }),
        );
      }
      if (performance.now() > deadlineMs) {
        throw new LabError(
          `expected the group ${groupId} to be Stable with ${members} members, found ${group?.state ?? "no group"} with ${group?.members.length ?? 0}`,
        );
      }
      await sleep(POLL_MS);
    }
  });
}
