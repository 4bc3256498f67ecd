import kafkajs from "kafkajs";
import { readSettings } from "../../labs/course/capstone/settings.js";
import { connectTopic, type TopicCluster } from "../../labs/log/kafka/cluster.js";
import { endOffsets, startOffsets } from "../../labs/log/kafka/offsets.js";
import { openReader } from "../../labs/log/kafka/reader.js";
import { partitionOf } from "../../labs/log/partition.js";
import { parseJson } from "../../labs/shared/json.js";
import { sleep } from "../../labs/shared/wait.js";
import { history, live, type Message } from "./feed.js";

// Copies the feed to the topic, each venue in the order of its sequence numbers. The key is the venue, so a venue is in one
// partition, in order. The topic itself says how far the copy is: after a crash the program continues after the last message
// of each venue that is in the topic.

const VENUES = ["northgate", "meridian"];
const RECONNECT_MS = 200;
const PATIENCE_MS = 30_000;
const TAIL_RECORDS = 500;

const { feedUrl, brokers, topic } = readSettings();
const producer = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }).producer({
  idempotent: true, // a retry does not double a record
  maxInFlightRequests: 1,
  allowAutoTopicCreation: false,
});

/** The last sequence number of a venue in the topic; 0 if there is none. Reads its partition backwards until it finds one. */
async function lastSequence(cluster: TopicCluster, venue: string): Promise<number> {
  const [starts, ends] = [await startOffsets(cluster), await endOffsets(cluster)];
  const read = openReader(cluster, ends.length);
  const partition = partitionOf(venue, ends.length);
  const start = starts[partition]!;
  for (let to = ends[partition]!; to > start; to -= TAIL_RECORDS) {
    let last = 0;
    for await (const records of read(partition, Math.max(start, to - TAIL_RECORDS), to)) {
      for (const { value } of records) last = Math.max(last, sequenceIn(value, venue) ?? 0);
    }
    if (last > 0) return last;
  }
  return 0;
}

/** The sequence number of a record; undefined if it is not a message of the venue. */
function sequenceIn(value: string, venue: string): number | undefined {
  const message = parseJson(value) as { venue?: unknown; sequence?: unknown } | null | undefined;
  const isOwn = message?.venue === venue && Number.isInteger(message.sequence);
  return isOwn ? (message.sequence as number) : undefined;
}

/** Copies a venue's messages after a sequence number, up to the end of its session. */
async function copy(venue: string, after: number): Promise<void> {
  let copied = after;
  let isEnded = false;

  async function append(messages: readonly Message[]): Promise<void> {
    const next = messages.filter(({ sequence }) => sequence > copied);
    if (next.length === 0) return;
    const records = next.map(({ text }) => ({ key: venue, value: text }));
    await producer.send({ topic, acks: -1, messages: records });
    copied = next.at(-1)!.sequence;
    isEnded = next.at(-1)!.isEnd;
  }

  while (!isEnded) {
    // The server says what it has sent last, so a gap shows even before the next message.
    for await (const { last, messages } of live(feedUrl, venue)) {
      const missing = last - copied - messages.filter(({ sequence }) => sequence > copied).length;
      if (missing > 0) for await (const page of history(feedUrl, venue, copied)) await append(page);
      await append(messages);
      if (isEnded) return;
    }
    await sleep(RECONNECT_MS);
  }
}

await producer.connect();
const cluster = connectTopic({ brokers, topic, patienceMs: PATIENCE_MS });
await Promise.all(VENUES.map(async (venue) => copy(venue, await lastSequence(cluster, venue))));
await cluster.close();
await producer.disconnect();
