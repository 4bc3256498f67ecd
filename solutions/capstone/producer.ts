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

/** How far a venue is copied. */
interface Position {
  sequence: number;
  isEnd: boolean;
}
const BEGINNING: Position = { sequence: 0, isEnd: false };

/** The last message of a venue in the topic. Reads the venue's partition backwards until it finds one. */
async function lastPosition(cluster: TopicCluster, venue: string): Promise<Position> {
  const [starts, ends] = [await startOffsets(cluster), await endOffsets(cluster)];
  const read = openReader(cluster, ends.length);
  const partition = partitionOf(venue, ends.length);
  const start = starts[partition]!;
  for (let to = ends[partition]!; to > start; to -= TAIL_RECORDS) {
    let last = BEGINNING;
    for await (const records of read(partition, Math.max(start, to - TAIL_RECORDS), to)) {
      for (const { value } of records) {
        const position = positionOf(String(value), venue);
        if (position !== undefined && position.sequence > last.sequence) last = position;
      }
    }
    if (last !== BEGINNING) return last;
  }
  return BEGINNING;
}

/** Undefined if the record is not a message of the venue. */
function positionOf(value: string, venue: string): Position | undefined {
  const message = parseJson(value) as { [name: string]: unknown } | null | undefined;
  const sequence = message?.["sequence"];
  if (message?.["venue"] !== venue || !Number.isInteger(sequence)) return undefined;
  return { sequence: sequence as number, isEnd: message["end"] === true };
}

/** Copies a venue's messages after a position, up to the end of its session. */
async function copy(venue: string, from: Position): Promise<void> {
  let { sequence: copied, isEnd: isEnded } = from;

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
const positions = new Map<string, Position>();
for (const venue of VENUES) positions.set(venue, await lastPosition(cluster, venue));
await cluster.close();
await Promise.all([...positions].map(([venue, position]) => copy(venue, position)));
await producer.disconnect();
