import { withAdmin } from "../../../labs/log/kafka/client.js";
import { sleep } from "../../../labs/shared/wait.js";
import * as solution from "../../../solutions/26-lag-of-a-group.js";
import { checksOf, wrong } from "../checks.js";
import { brokers, commitOffsets, kafka, send, uniqueName, withTopic } from "../systems.js";

const check = checksOf(solution);

const CLOSE_MS = 2_000;
const POLL_MS = 50;

const openConnections = () =>
  process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;

/** Waits until no more connections are open than before. @returns how many more are left in the end */
async function leftConnections(before: number): Promise<number> {
  const deadlineMs = performance.now() + CLOSE_MS;
  while (openConnections() > before && performance.now() < deadlineMs) await sleep(POLL_MS);
  return Math.max(0, openConnections() - before);
}

/** A topic and a group: by partition, how many records were sent, how many deleted, and where the group is. */
interface Situation {
  sent: number[];
  /** Retention has deleted the records before these offsets. */
  deletedTo?: number[];
  /** Undefined: nothing is committed. */
  committed: (number | undefined)[];
}

/** Creates the situation in Kafka, and compares the answer with the lags that follow from it. */
const lags = (name: string, idea: string, { sent, deletedTo, committed }: Situation) =>
  check.scenario(name, (subject) =>
    withTopic("lag", sent.length, async (topic) => {
      const groupId = uniqueName("group");
      const records = sent.flatMap((count, partition) =>
        Array.from({ length: count }, (_, index) => ({ partition, value: `record ${index}` })),
      );
      if (records.length > 0) await send(topic, records);
      await withAdmin(kafka, async (admin) => {
        await admin.fetchTopicOffsets(topic); // loads what the next request needs
        if (deletedTo !== undefined) {
          const partitions = deletedTo.flatMap((offset, partition) =>
            offset === 0 ? [] : [{ partition, offset: String(offset) }],
          );
          await admin.deleteTopicRecords({ topic, partitions });
        }
      });
      const offsets = committed.flatMap((offset, partition) =>
        offset === undefined ? [] : [{ partition, offset: String(offset) }],
      );
      if (offsets.length > 0) await commitOffsets(topic, groupId, offsets);
      const expected = sent.map((end, partition) => {
        return end - Math.max(committed[partition] ?? 0, deletedTo?.[partition] ?? 0);
      });
      const before = openConnections();
      const found = await subject.lagOf(brokers, topic, groupId);
      const left = await leftConnections(before);
      const input = [
        `records sent, by partition: ${sent.join(", ")}`,
        `committed: ${committed.map((offset) => offset ?? "nothing").join(", ")}`,
        ...(deletedTo === undefined ? [] : [`deleted before: ${deletedTo.join(", ")}`]),
      ].join("\n");
      if (JSON.stringify(found) !== JSON.stringify(expected)) {
        throw wrong(input, JSON.stringify(expected), JSON.stringify(found), idea);
      }
      if (left > 0) {
        throw wrong(
          input,
          "no connection to Kafka left open",
          `${left} left open`,
          "Disconnect the admin client, also after an error: try … finally.",
        );
      }
    }),
  );

export default [
  lags("the end offset minus the committed offset", "One entry for each partition, in order.", {
    sent: [5, 12, 0, 7],
    committed: [2, 12, 0, 1],
  }),
  lags("a partition without a committed offset", "The offset −1 means that nothing is committed.", {
    sent: [5, 3, 0],
    committed: [4, undefined, undefined],
  }),
  lags("a group that does not exist", "It has everything to read.", {
    sent: [1, 2],
    committed: [undefined, undefined],
  }),
  lags("records that retention has deleted", "What has been deleted cannot be read.", {
    sent: [10, 10, 10, 10],
    deletedTo: [4, 4, 4, 10],
    committed: [2, 6, undefined, undefined],
  }),
  lags("twelve partitions", "Kafka does not return partitions in order.", {
    sent: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    committed: [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, undefined, 6],
  }),
];
