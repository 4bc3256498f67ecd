import { readFile, rename, writeFile } from "node:fs/promises";
import { Kafka, logLevel, type EachBatchPayload } from "kafkajs";

/**
 * Adds up the amounts in a topic, per key, in a JSON file: `{"totals": {"bitcoin": 12, "solana": 7}}`, and anything else that
 * you want to store there. A record's key, which may be any text, names the total; its value is a whole number such as `"3"`.
 * Resolves when the totals in the file contain every record that the topic contained at the time of the call. Each counts once.
 * If there is none, the file need not exist.
 *
 * The process may be killed at any moment, again and again, and the next call, in another process, continues with the file.
 * No record may then count twice or be lost. Others read the file at any moment: it is either missing or complete. The file
 * must be updated at least every 500 records, so that a crash costs little.
 *
 * Offsets that Kafka stores for a group cannot be updated together with a file. But kafkajs cannot read without a group: use any
 * name that begins with `groupId`. With a new name for every call you need not wait for the session of the killed member to end.
 *
 * @param brokers `host:port` of the brokers
 * @param path the file; its folder exists
 */
export async function addUp(
  brokers: string[],
  topic: string,
  path: string,
  groupId: string,
): Promise<void> {
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  const { totals, offsets } = await readState(path);
  const ends = await offsetsOf(kafka, topic);
  /** Partition → the next offset to read; records that no longer exist are skipped. */
  const nextOf = (partition: number) => offsets[partition] ?? 0;
  const isComplete = () =>
    ends.every(({ partition, low, high }) => Math.max(nextOf(partition), low) >= high);

  const eachBatch = async ({ batch: { partition, messages } }: EachBatchPayload) => {
    for (let from = 0; from < messages.length; from += 500) {
      for (const { key, value, offset } of messages.slice(from, from + 500)) {
        if (Number(offset) < nextOf(partition)) continue; // it already counts
        const name = String(key);
        totals.set(name, (totals.get(name) ?? 0) + Number(String(value)));
        offsets[partition] = Number(offset) + 1;
      }
      await writeState(path, { totals, offsets });
    }
  };

  if (isComplete()) return writeState(path, { totals, offsets });
  const consumer = kafka.consumer({ groupId: `${groupId}-${process.pid}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
        if (!restart) reject(error); // else kafkajs starts again by itself
      });
      consumer.on(consumer.events.END_BATCH_PROCESS, () => isComplete() && resolve());
      consumer.run({ autoCommit: false, eachBatch }).catch(reject);
      for (const { partition } of ends) {
        consumer.seek({ topic, partition, offset: String(nextOf(partition)) });
      }
    });
  } finally {
    await consumer.disconnect();
  }
}

interface State {
  totals: Map<string, number>;
  /** Partition → the next offset to read. */
  offsets: Record<number, number>;
}

async function readState(path: string): Promise<State> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return { totals: new Map(), offsets: {} };
  const { totals, offsets } = JSON.parse(text) as {
    totals: Record<string, number>;
    offsets: Record<number, number>;
  };
  return { totals: new Map(Object.entries(totals)), offsets };
}

/** Replaces the file as a whole. */
async function writeState(path: string, { totals, offsets }: State): Promise<void> {
  const text = JSON.stringify({ totals: Object.fromEntries(totals), offsets });
  await writeFile(`${path}.temp`, text);
  await rename(`${path}.temp`, path);
}

/** The first and the end offset of each partition. */
async function offsetsOf(kafka: Kafka, topic: string) {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets.map(({ partition, low, high }) => {
      return { partition, low: Number(low), high: Number(high) };
    });
  } finally {
    await admin.disconnect();
  }
}
