import { join } from "node:path";
import { openFileLog } from "../log/file.js";
import { TOPIC, type EventLog } from "../log/log.js";
import { ownAddresses, type Config } from "../shared/config.js";
import { LabError, NotFoundError } from "../shared/errors.js";
import type { KafkaAddress } from "../shared/kafka-address.js";
import type { Notify } from "../shared/notify.js";
import type { Store } from "../store/store.js";
import { isBegun } from "../stream/checkpoint.js";
import type { Options } from "./options.js";
import { LOG } from "./output-folder.js";
import { nameOf, type Output } from "./output.js";

/** Names the Kafka topic that an output is computed from; written before the checkpoint exists. */
const TOPIC_FILE = "checkpoint/topic";

export const kafkaOf = ({ kafka, stack }: Config): KafkaAddress =>
  kafka ?? { brokers: ownAddresses(stack).brokers };

/** Opens the event log of an output: files in its folder, or a topic that no other output uses. */
export async function openLog(
  { log, partitions, fsync: sync }: Options,
  config: Config,
  { store, folder }: Output,
  notify: Notify,
): Promise<EventLog> {
  if (log === "file") return openFileLog(join(folder, LOG), TOPIC, partitions, notify, { sync });
  const { openKafkaLog } = await import("../log/kafka/log.js");
  const { removeTopics } = await import("../log/kafka/topics.js");
  const kafka = kafkaOf(config);
  let topic: string;
  if (await isBegun(store)) {
    topic = await readTopic(store);
  } else {
    const prefix = `${TOPIC}_${nameOf(store)}_`;
    await removeTopics(kafka, prefix); // left over from before --fresh
    topic = prefix + Date.now().toString(36);
    await store.write(TOPIC_FILE, topic);
  }
  return openKafkaLog({ ...kafka, topic, partitions, notify });
}

/** The topic that an output was started with. @throws LabError if the file does not name it */
async function readTopic(store: Store): Promise<string> {
  const content = await store.read(TOPIC_FILE).catch((error: unknown) => {
    if (!(error instanceof NotFoundError)) throw error;
    throw new LabError(
      `${store.root} was not computed from Kafka: expected ${TOPIC_FILE}, which names the topic; use --log file as before, start over with --fresh, or choose another --out`,
    );
  });
  const text = String(content);
  if (/^[\w.-]{1,249}$/.test(text)) return text;
  throw new LabError(
    `${store.root}/${TOPIC_FILE} is damaged: expected the name of the topic that this output was started with, found ${text.slice(0, 80) || "nothing"}; write the name there, or start over with --fresh`,
  );
}
