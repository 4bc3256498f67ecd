import { textOf } from "../../event.js";
import { kafkaClient } from "../../log/kafka/client.js";
import type { TopicCluster } from "../../log/kafka/cluster.js";
import { endOffsets, startOffsets } from "../../log/kafka/offsets.js";
import { openReader } from "../../log/kafka/reader.js";

/** A record's place in the topic, as `partition:offset`. */
export type Place = string;
export const placeOf = (partition: number, offset: number): Place => `${partition}:${offset}`;

/** A record of the topic. */
export interface StoredRecord {
  place: Place;
  value: string;
}

/** Records that another program writes into the topic by mistake. None is a message of the feed. */
const POISON: readonly { key: string | null; value: string | Buffer | null }[] = [
  { key: "northgate", value: "this is not JSON" },
  { key: null, value: null },
  { key: "meridian", value: '{"venue":"meridian","sequence":12,"sent_at":"2025-03' },
  { key: "northgate", value: Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x7b]) },
  { key: null, value: "42" },
  { key: null, value: "null" },
  { key: "meridian", value: "[]" },
  { key: "northgate", value: '{"venue":"northgate","sequence":"next","trade":[]}' },
  {
    key: "atlantis",
    value:
      '{"venue":"atlantis","sequence":1,"sent_at":"2025-03-03T10:20:00.000Z","trade":{"id":1}}',
  },
  { key: null, value: "x".repeat(900_000) },
];

/** Writes the poison to the topic. @returns where it is */
export async function addPoison(
  brokers: readonly string[],
  topic: string,
  partitions: number,
): Promise<Set<Place>> {
  const producer = kafkaClient({ brokers }).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const places = new Set<Place>();
  try {
    for (const [index, { key, value }] of POISON.entries()) {
      const partition = index % partitions;
      const [sent] = await producer.send({
        topic,
        acks: -1,
        messages: [{ key, value, partition }],
      });
      places.add(placeOf(partition, Number(sent!.baseOffset)));
    }
  } finally {
    await producer.disconnect();
  }
  return places;
}

/** How many records the topic holds. */
export async function countRecords(cluster: TopicCluster): Promise<number> {
  const sum = (offsets: number[]) => offsets.reduce((total, offset) => total + offset, 0);
  return sum(await endOffsets(cluster)) - sum(await startOffsets(cluster));
}

/** All records of the topic. */
export async function readRecords(cluster: TopicCluster): Promise<StoredRecord[]> {
  const [starts, ends] = [await startOffsets(cluster), await endOffsets(cluster)];
  const read = openReader(cluster, ends.length);
  const all: StoredRecord[] = [];
  for (const [partition, end] of ends.entries()) {
    for await (const records of read(partition, starts[partition] ?? 0, end)) {
      for (const { offset, value } of records) {
        all.push({ place: placeOf(partition, offset), value: textOf(value) });
      }
    }
  }
  return all;
}
