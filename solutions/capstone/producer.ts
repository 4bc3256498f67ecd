import kafkajs from "kafkajs";
import { readSettings } from "../../labs/course/capstone/settings.js";
import { connectTopic } from "../../labs/log/kafka/cluster.js";
import { endOffsets, startOffsets } from "../../labs/log/kafka/offsets.js";
import { openReader } from "../../labs/log/kafka/reader.js";
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

/** The last sequence number of each venue in the topic. */
async function lastSequences(): Promise<Map<string, number>> {
  const cluster = connectTopic({ brokers, topic, patienceMs: PATIENCE_MS });
  const [starts, ends] = [await startOffsets(cluster), await endOffsets(cluster)];
  const read = openReader(cluster, ends.length);
  const last = new Map<string, number>();
  for (const [partition, end] of ends.entries()) {
    // Backwards, until the partition's venues are known. A partition may hold foreign records, so it may have none.
    const found = new Map<string, number>();
    for (let to = end; to > starts[partition]! && found.size === 0; to -= TAIL_RECORDS) {
      const from = Math.max(starts[partition]!, to - TAIL_RECORDS);
      for await (const records of read(partition, from, to)) {
        for (const { key, value } of records) {
          if (!VENUES.includes(key)) continue;
          const sequence = sequenceOf(value);
          if (sequence !== undefined) found.set(key, Math.max(sequence, found.get(key) ?? 0));
        }
      }
    }
    for (const [venue, sequence] of found) last.set(venue, sequence);
  }
  await cluster.close();
  return last;
}

function sequenceOf(value: string): number | undefined {
  try {
    const { sequence } = JSON.parse(value) as { sequence: unknown };
    return Number.isInteger(sequence) ? (sequence as number) : undefined;
  } catch {
    return undefined; // not ours
  }
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
const last = await lastSequences();
await Promise.all(VENUES.map((venue) => copy(venue, last.get(venue) ?? 0)));
await producer.disconnect();
