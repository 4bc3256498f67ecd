import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import kafkajs, {
  type Admin,
  type Consumer,
  type EachBatchPayload,
  type Kafka as KafkaClient,
  type KafkaMessage,
  type Producer,
} from "kafkajs";
import { LabError, errorMessage } from "../errors.js";
import type { Message } from "../event.js";
import type { EventLog, LogRecord } from "./log.js";
import { partitionOf } from "./partition.js";

const { CompressionTypes, Kafka, logLevel } = kafkajs;

/** How long Kafka may be away before it is an error. */
const PATIENCE_MS = 60_000;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;
/** What is read ahead of a partition; beyond it the partition is paused, so memory stays bounded. */
const READ_AHEAD_RECORDS = 40_000;
const FETCH_WAIT_MS = 20;
const SETTLE_MS = 100;

export interface KafkaOptions {
  /** `host:port` of some brokers of the cluster. */
  brokers: readonly string[];
  topic: string;
  /** The partitions of the topic where it must be made. */
  partitions: number;
  /** Told of what passes: a broker that is away for a moment. */
  report?: (notice: string) => void;
  /** How long Kafka may be away before it is an error, milliseconds. */
  patienceMs?: number;
}

/** How often and how long kafkajs tries again by itself. */
const patient = (patienceMs: number) => ({
  initialRetryTime: FIRST_RETRY_MS,
  maxRetryTime: LONGEST_RETRY_MS,
  retries: Math.ceil(patienceMs / LONGEST_RETRY_MS) + 5,
});
/** Once, which is the least that an idempotent producer takes, and at once: before a broker can have started again. */
const IMPATIENT = { initialRetryTime: 10, maxRetryTime: 10, retries: 1 };

function client(
  brokers: readonly string[],
  retry: ReturnType<typeof patient>,
  report?: (notice: string) => void,
) {
  let lastNotice = "";
  return new Kafka({
    clientId: "crypto-streaming-lab",
    brokers: [...brokers],
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    retry,
    logLevel: report === undefined ? logLevel.NOTHING : logLevel.ERROR,
    logCreator:
      () =>
      ({ log }) => {
        // kafkajs repeats itself while a broker is away: each thing is said once in a row.
        const notice = `Kafka: ${String(log["error"] ?? log.message)}`;
        // A group that meets for the first time is no news either.
        if (notice !== lastNotice && !/coordinator|rebalanc/i.test(notice)) report?.(notice);
        lastNotice = notice;
      },
  });
}

/** A client of kafkajs as the lab uses it: patient, and silent on the console. */
export const kafkaClient = (brokers: readonly string[]): KafkaClient =>
  client(brokers, patient(PATIENCE_MS));

/** Does a work with a cluster's administration, and lets go of it afterwards. */
export async function withAdmin<T>(
  kafka: KafkaClient,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** What to do where Kafka cannot be reached. */
function unreachable(brokers: readonly string[], error: unknown): LabError {
  const local = brokers.every((broker) => /^(127\.|localhost)/.test(broker));
  const remedy = local ? "npx tsx scripts/stack.ts up kafka" : "check KAFKA_BROKERS";
  return new LabError(
    `Kafka does not answer at ${brokers.join(",")} (${errorMessage(error)}): ${remedy}`,
  );
}

/** Resolves when a cluster answers. @throws LabError if it does not, at once */
export async function describeKafka(brokers: readonly string[]): Promise<void> {
  const admin = new Kafka({
    brokers: [...brokers],
    connectionTimeout: 1_000,
    requestTimeout: 2_000,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
  }).admin();
  try {
    await admin.connect();
    const { brokers: found } = await admin.describeCluster();
    if (found.length === 0) throw new Error("no broker has joined yet");
  } catch (error) {
    throw unreachable(brokers, error);
  } finally {
    await admin.disconnect();
  }
}

/** @returns false if there is one of that name */
function makeTopic(admin: Admin, topic: string, partitions: number): Promise<boolean> {
  // Kafka removes what is older than a week, by the records' own time: a tape of last year within minutes.
  const configEntries = [{ name: "retention.ms", value: "-1" }];
  const topics = [{ topic, numPartitions: partitions, replicationFactor: -1, configEntries }];
  return admin.createTopics({ topics, waitForLeaders: true });
}

/** Makes a topic where it is missing. @throws LabError if there is one with other partitions */
async function ensureTopic(admin: Admin, topic: string, partitions: number): Promise<void> {
  if (!(await admin.listTopics()).includes(topic)) {
    await makeTopic(admin, topic, partitions);
    return;
  }
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const found = topics[0]!.partitions.length;
  if (found !== partitions) {
    throw new LabError(
      `the topic ${topic} has ${found} partitions, not ${partitions}: use --partitions ${found}, or start over with --fresh`,
    );
  }
}

/** Removes the topics whose names begin with a prefix. Kafka does it in the background. */
export async function removeTopics(brokers: readonly string[], prefix: string): Promise<void> {
  await describeKafka(brokers);
  await withAdmin(kafkaClient(brokers), async (admin) => {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  }).catch((error: unknown) => {
    throw unreachable(brokers, error);
  });
}

/** Makes a topic that is empty: one of that name is removed first, with all that is in it. */
export async function freshTopic(
  brokers: readonly string[],
  topic: string,
  partitions: number,
): Promise<void> {
  await withAdmin(kafkaClient(brokers), async (admin) => {
    if ((await admin.listTopics()).includes(topic)) await admin.deleteTopics({ topics: [topic] });
    // Kafka removes in the background, and forgets the name last.
    while (!(await makeTopic(admin, topic, partitions))) await sleep(SETTLE_MS);
  }).catch((error: unknown) => {
    throw unreachable(brokers, error);
  });
}

/** An event log of a topic that is made anew, as `freshTopic` does. */
export async function openFreshLog(options: KafkaOptions): Promise<EventLog> {
  await freshTopic(options.brokers, options.topic, options.partitions);
  return openKafkaLog(options);
}

/** Makes a topic of the lab's own Kafka where it is missing, whatever partitions one that is there has. */
export async function createTopic(
  brokers: readonly string[],
  topic: string,
  partitions: number,
): Promise<void> {
  await withAdmin(kafkaClient(brokers), async (admin) => {
    if (!(await admin.listTopics()).includes(topic)) await ensureTopic(admin, topic, partitions);
  });
}

/** The records that were read ahead of one partition. */
interface ReadAhead {
  /** The offset that comes after the last record here. */
  next: number;
  records: LogRecord[];
  resume: (() => void) | undefined;
  /** Wakes the reader who waits. */
  wake: () => void;
}

function toRecord({ key, value, timestamp, offset }: KafkaMessage): LogRecord {
  return {
    offset: Number(offset),
    timestampMs: Number(timestamp),
    key: key?.toString() ?? "",
    value: value?.toString() ?? "",
  };
}

/**
 * Opens a topic of a Kafka cluster as an event log, making it where it is missing.
 *
 * Written by an idempotent producer that waits for all replicas (`acks=all`; KIP-98), so that a broker which comes
 * back in the middle of a batch neither loses nor doubles a record; a topic has one writer at a time. Read by offsets
 * that the caller chooses, as Spark does: the consumer's group commits nothing and is removed at the end; the
 * checkpoint is ours.
 *
 * @throws LabError if Kafka stays away, or the topic has other partitions
 */
export async function openKafkaLog(options: KafkaOptions): Promise<EventLog> {
  const { brokers, topic, partitions, report, patienceMs = PATIENCE_MS } = options;
  await describeKafka(brokers);
  const kafka = client(brokers, patient(patienceMs), report);
  const admin = kafka.admin();
  let producer: Producer | undefined;
  let consumer: Consumer | undefined;
  const groupId = `lab-${randomUUID()}`;
  const ahead: ReadAhead[] = Array.from({ length: partitions }, () => {
    return { next: 0, records: [], resume: undefined, wake: () => {} };
  });

  async function patiently<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof LabError) throw error;
      throw unreachable(brokers, error);
    }
  }

  async function send(messages: readonly Message[]): Promise<void> {
    if (producer === undefined) {
      producer = client(brokers, IMPATIENT).producer({ idempotent: true, maxInFlightRequests: 1 });
      await producer.connect();
    }
    await producer.send({
      topic,
      acks: -1,
      compression: CompressionTypes.GZIP,
      messages: messages.map(({ key, value, timestampMs }) => {
        const partition = partitionOf(key, partitions);
        return { key, value, timestamp: String(timestampMs), partition };
      }),
    });
  }

  /**
   * Appends, and after a failure looks how far the log has come and appends the rest. Trying again blindly would not
   * do: Kafka forgets an idempotent producer whose last record is a day old by the record's own timestamp
   * (`producer.id.expiration.ms`), which is every replay of an old tape, and a retry after a restart of the broker is
   * then taken for new records. Whoever opens a topic is its only writer, so the end offsets tell all.
   */
  async function append(messages: readonly Message[]): Promise<void> {
    const giveUpMs = performance.now() + patienceMs;
    let rest = [...messages];
    while (rest.length > 0) {
      try {
        await send(rest);
        for (const { key } of rest) ends[partitionOf(key, partitions)]!++;
        return;
      } catch (error) {
        if (/too large/i.test(errorMessage(error))) {
          throw new LabError(`Kafka refuses a record of ${topic}: ${errorMessage(error)}`);
        }
        if (performance.now() > giveUpMs) throw unreachable(brokers, error);
        report?.(`Kafka did not take a batch (${errorMessage(error)}); trying again`);
        await producer?.disconnect().catch(() => {});
        producer = undefined;
        const now = await settledEndOffsets(ends);
        const taken = now.map((end, partition) => end - ends[partition]!);
        rest = rest.filter(({ key }) => taken[partitionOf(key, partitions)]!-- <= 0);
        ends = now;
      }
    }
  }

  const endOffsets = () =>
    patiently(async () => {
      const offsets = new Array<number>(partitions).fill(0);
      for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
        offsets[partition] = Number(high);
      }
      return offsets;
    });

  /**
   * The end offsets once they stand still: what a producer that is gone had sent may still be on its way, and a broker
   * that has just started shows less than what was there (`least`).
   */
  async function settledEndOffsets(least?: readonly number[]): Promise<number[]> {
    const giveUpMs = performance.now() + patienceMs;
    for (let before = await endOffsets(); ;) {
      await sleep(SETTLE_MS);
      const now = await endOffsets();
      if (performance.now() > giveUpMs) {
        throw new LabError(
          `the topic ${topic} ends at the offsets ${now.join(", ")} and held ${least?.join(", ")}: records were lost; start over with --fresh`,
        );
      }
      const isStill = now.every((end, partition) => end === before[partition]);
      if (isStill && now.every((end, partition) => end >= (least?.[partition] ?? 0))) return now;
      before = now;
    }
  }

  function seek(partition: number): void {
    consumer!.seek({ topic, partition, offset: String(ahead[partition]!.next) });
  }

  /** Takes what was fetched, as far as it is what comes next; the rest was fetched before a seek. */
  function take({ batch, pause }: EachBatchPayload): Promise<void> {
    const buffer = ahead[batch.partition]!;
    for (const message of batch.messages) {
      if (Number(message.offset) !== buffer.next) continue;
      buffer.records.push(toRecord(message));
      buffer.next++;
    }
    if (buffer.records.length >= READ_AHEAD_RECORDS) buffer.resume = pause();
    buffer.wake();
    return Promise.resolve();
  }

  async function startConsumer(): Promise<void> {
    consumer = kafka.consumer({ groupId, maxWaitTimeInMs: FETCH_WAIT_MS, sessionTimeout: 10_000 });
    // After the group has met again (at the start, or when the broker was away) fetching begins anywhere.
    consumer.on(consumer.events.GROUP_JOIN, () => ahead.forEach((_, partition) => seek(partition)));
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: partitions,
      eachBatch: take,
    });
  }

  async function* read(partition: number, from: number, to: number): AsyncGenerator<LogRecord[]> {
    const buffer = ahead[partition]!;
    const first = buffer.next - buffer.records.length;
    if (from >= to) return;
    if (from < first || from > buffer.next) {
      buffer.records = [];
      buffer.next = from;
      if (consumer !== undefined) seek(partition);
      buffer.resume?.();
      buffer.resume = undefined;
    } else {
      buffer.records.splice(0, from - first);
    }
    if (consumer === undefined) await patiently(startConsumer);
    let next = from;
    let giveUpMs = performance.now() + patienceMs;
    while (next < to) {
      const records = buffer.records.splice(0, to - next);
      if (buffer.records.length < READ_AHEAD_RECORDS / 2) {
        buffer.resume?.();
        buffer.resume = undefined;
      }
      if (records.length > 0) {
        next += records.length;
        giveUpMs = performance.now() + patienceMs;
        yield records;
      } else if (performance.now() > giveUpMs) {
        throw await lost(partition, next);
      } else {
        const woken = new Promise<void>((resolve) => (buffer.wake = resolve));
        await Promise.race([woken, sleep(1_000, undefined, { ref: false })]);
      }
    }
  }

  /** Why a record does not come. */
  async function lost(partition: number, offset: number): Promise<LabError> {
    const offsets = await patiently(() => admin.fetchTopicOffsets(topic));
    const { low, high } = offsets.find((each) => each.partition === partition)!;
    if (offset < Number(low) || offset >= Number(high)) {
      return new LabError(
        `partition ${partition} of the topic ${topic} holds the offsets ${low} to before ${high}, and ${offset} is wanted: it was removed; start over with --fresh`,
      );
    }
    return unreachable(brokers, `no record came for ${patienceMs / 1_000} s`);
  }

  async function close(): Promise<void> {
    await producer?.disconnect();
    if (consumer !== undefined) {
      await consumer.disconnect();
      await admin.deleteGroups([groupId]).catch(() => {}); // Kafka removes an empty group by itself later
    }
    await admin.disconnect();
  }

  await patiently(async () => {
    await admin.connect();
    await ensureTopic(admin, topic, partitions);
  });
  /** For each partition the offset after the last record that is known to be there. */
  let ends = await settledEndOffsets();
  // Kafka's promise against a power cut is its replicas: an append is answered when all in-sync ones have it (acks -1).
  const sync = () => Promise.resolve();
  return { topic, partitions, append, sync, endOffsets, read, close };
}
