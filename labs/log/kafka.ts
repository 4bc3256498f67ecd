import kafkajs, { type Admin, type Kafka as KafkaClient, type Producer } from "kafkajs";
import { LabError, errorMessage } from "../errors.js";
import type { Message } from "../event.js";
import {
  CLIENT_ID,
  CONNECTION_TIMEOUT_MS,
  FIRST_RETRY_MS,
  MAX_RETRY_MS,
  REQUEST_TIMEOUT_MS,
  connectTopic,
  isKafkaError,
  unreachable,
} from "./cluster.js";
import { registerCodecs } from "./codecs.js";
import { EARLIEST, LATEST, fetchRecords, listOffsets, type Fetched } from "./fetch.js";
import type { EndOffsetsOptions, EventLog, LogRecord } from "./log.js";
import { partitionOf } from "./partition.js";
import { sleep } from "../wait.js";

const { CompressionTypes, Kafka, logLevel } = kafkajs;

/** How long Kafka may be away before it is an error. */
const PATIENCE_MS = 60_000;
/** The size of one fetch of a partition: READ_AHEAD_BYTES shared among the partitions, within these bounds. */
const MAX_FETCH_BYTES = 1024 * 1024;
const MIN_FETCH_BYTES = 64 * 1024;
const READ_AHEAD_BYTES = 32 * 1024 * 1024;
const SETTLE_MS = 100;
/** How long a broker that has just started may show fewer records than it has. */
const MAX_SETTLE_MS = 5_000;

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
  maxRetryTime: MAX_RETRY_MS,
  retries: Math.ceil(patienceMs / MAX_RETRY_MS) + 5,
});
/** Once, which is the least that an idempotent producer takes, and at once: before a broker can have started again. */
const IMPATIENT = { initialRetryTime: 10, maxRetryTime: 10, retries: 1 };

function client(brokers: readonly string[], retry: ReturnType<typeof patient>) {
  registerCodecs();
  return new Kafka({
    clientId: CLIENT_ID,
    brokers: [...brokers],
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry,
    logLevel: logLevel.NOTHING,
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

/**
 * Makes a topic where it is missing.
 *
 * @returns how many partitions it has
 * @throws LabError if it has fewer than asked for
 */
async function ensureTopic(admin: Admin, topic: string, partitions: number): Promise<number> {
  if (!(await admin.listTopics()).includes(topic)) {
    await makeTopic(admin, topic, partitions);
    return partitions;
  }
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const found = topics[0]!.partitions.length;
  if (found < partitions) {
    throw new LabError(
      `the topic ${topic} has ${found} partitions, not ${partitions}: use --partitions ${found}, or start over with --fresh`,
    );
  }
  return found;
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

/** What was fetched of a partition and not read yet. */
interface Piece extends Fetched {
  /** What comes after it, fetched while it is read. */
  following?: Promise<Piece>;
}

/**
 * Opens a topic of a Kafka cluster as an event log, making it where it is missing.
 *
 * Written by an idempotent producer that waits for all replicas (`acks=all`; KIP-98), so that a broker which comes
 * back in the middle of a batch neither loses nor doubles a record; a topic has one writer at a time. Read by offsets
 * that the caller chooses, as Spark does, and committed records only; the checkpoint is ours.
 *
 * Partitions that were added to the topic are read. Appending keeps to the first ones, as many as `partitions` says:
 * with more, keys would move to other partitions, and their order would be lost.
 *
 * @throws LabError if Kafka stays away, or the topic has fewer partitions
 */
export async function openKafkaLog(options: KafkaOptions): Promise<EventLog> {
  const { brokers, topic, partitions, report, patienceMs = PATIENCE_MS } = options;
  await describeKafka(brokers);
  const cluster = connectTopic({ brokers, topic, patienceMs, report });
  let producer: Producer | undefined;
  /** For each partition what was fetched and not read yet, and the offset that it starts at. */
  const ahead: ({ from: number; piece: Promise<Piece> } | undefined)[] = [];
  const fetchBytes = Math.max(
    MIN_FETCH_BYTES,
    Math.min(MAX_FETCH_BYTES, READ_AHEAD_BYTES / partitions),
  );

  async function send(messages: readonly Message[]): Promise<void> {
    if (producer === undefined) {
      producer = client(brokers, IMPATIENT).producer({
        idempotent: true,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
      });
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
    const deadlineMs = performance.now() + patienceMs;
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
        if (performance.now() > deadlineMs) throw unreachable(brokers, error);
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

  const startOffsets = () => cluster.attempt((each) => listOffsets(each, topic, EARLIEST));

  async function endOffsets(options: EndOffsetsOptions = {}): Promise<number[]> {
    const { atLeast = [], readUncommitted } = options;
    const deadlineMs = performance.now() + MAX_SETTLE_MS;
    for (;;) {
      const ends = await cluster.attempt((each) =>
        listOffsets(each, topic, LATEST, readUncommitted),
      );
      const isLess = atLeast.some((offset, partition) => (ends[partition] ?? 0) < offset);
      if (!isLess || performance.now() > deadlineMs) return ends;
      await sleep(SETTLE_MS);
    }
  }

  /**
   * The offsets of the next records of the partitions that `append` writes to, once they stand still: what a producer
   * that is gone had sent may still be on its way, and a broker that has just started shows less than what was there
   * (`least`).
   */
  async function settledEndOffsets(least: readonly number[] = []): Promise<number[]> {
    const ownEnds = async () => (await endOffsets({ readUncommitted: true })).slice(0, partitions);
    const deadlineMs = performance.now() + patienceMs;
    for (let before = await ownEnds(); ;) {
      await sleep(SETTLE_MS);
      const now = await ownEnds();
      const isStill = now.every((end, partition) => end === before[partition]);
      const isLess = now.some((end, partition) => end < (least[partition] ?? 0));
      if (isStill && !isLess) return now;
      if (performance.now() > deadlineMs) {
        throw new LabError(
          isLess
            ? `the topic ${topic} ends at the offsets ${now.join(", ")} and held ${least.join(", ")}: records were lost; start over with --fresh`
            : `another program keeps writing to the topic ${topic}: stop it, or choose another --out, which gets a topic of its own`,
        );
      }
      before = now;
    }
  }

  function fetch(partition: number, from: number): Promise<Piece> {
    const piece = cluster.attempt((each) => fetchRecords(each, topic, partition, from, fetchBytes));
    piece.catch(() => {}); // thrown when it is read
    return piece;
  }

  async function* read(partition: number, from: number, to: number): AsyncGenerator<LogRecord[]> {
    let deadlineMs = performance.now() + patienceMs;
    for (let next = from; next < to;) {
      const fetched = ahead[partition];
      ahead[partition] = undefined;
      const piece = await (fetched?.from === next ? fetched.piece : fetch(partition, next)).catch(
        async (error: unknown) => {
          throw isKafkaError(error, "OFFSET_OUT_OF_RANGE") ? await missing(partition, next) : error;
        },
      );
      if (piece.next === next) {
        if (performance.now() > deadlineMs) throw await missing(partition, next);
        continue;
      }
      deadlineMs = performance.now() + patienceMs;
      // Only existing records are fetched ahead: the broker delays a fetch that finds none.
      const isMore = piece.following === undefined && piece.next < piece.stable;
      const following = isMore ? fetch(partition, piece.next) : piece.following;
      let { records } = piece;
      if (piece.next > to) {
        const count = records.findIndex(({ offset }) => offset >= to);
        const rest = count < 0 ? [] : records.slice(count);
        if (count >= 0) records = records.slice(0, count);
        ahead[partition] = {
          from: to,
          piece: Promise.resolve({ ...piece, records: rest, following }),
        };
      } else if (following !== undefined) {
        ahead[partition] = { from: piece.next, piece: following };
      }
      next = piece.next;
      if (records.length > 0) yield records;
    }
  }

  /** Why a record does not come. */
  async function missing(partition: number, offset: number): Promise<LabError> {
    const start = (await startOffsets())[partition];
    const end = (await endOffsets())[partition];
    if (start === undefined || end === undefined) {
      return new LabError(
        `the topic ${topic} has no partition ${partition} any more: it was deleted and made anew; start over with --fresh, or choose another --out`,
      );
    }
    if (offset < start || offset >= end) {
      const held = start === end ? "no records" : `offsets ${start}–${end - 1}`;
      return new LabError(
        `partition ${partition} of the topic ${topic} holds ${held}; offset ${offset} is missing: start over with --fresh, or choose another --out`,
      );
    }
    return unreachable(brokers, `no record came for ${patienceMs / 1_000} s`);
  }

  async function close(): Promise<void> {
    await producer?.disconnect();
    await cluster.close();
  }

  const found = await withAdmin(client(brokers, patient(patienceMs)), (admin) =>
    ensureTopic(admin, topic, partitions),
  ).catch((error: unknown) => {
    throw error instanceof LabError ? error : unreachable(brokers, error);
  });
  if (found > partitions) {
    report?.(
      `the topic ${topic} has ${found} partitions, --partitions is ${partitions}: reading all ${found}, writing to the first ${partitions}`,
    );
  }
  /** For each partition the offset after the last record that is known to be there. */
  let ends = await settledEndOffsets();
  const location = `the topic ${topic} on Kafka at ${brokers.join(",")}`;
  // Kafka's promise against a power cut is its replicas: an append is answered when all in-sync ones have it (acks -1).
  const sync = () => Promise.resolve();
  return { topic, location, partitions, append, sync, startOffsets, endOffsets, read, close };
}
