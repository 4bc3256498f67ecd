/// <reference path="./kafkajs-cluster.d.ts" />

import kafkajs, { type SASLOptions } from "kafkajs";
import Cluster from "kafkajs/src/cluster/index.js";
import loggers from "kafkajs/src/loggers/index.js";
import socketFactory from "kafkajs/src/network/socketFactory.js";
import type { KafkaAddress } from "../../shared/kafka-address.js";
import { LabError, errorCode, errorMessage } from "../../shared/errors.js";
import type { Notify } from "../../shared/notify.js";
import { sleep } from "../../shared/wait.js";
import { registerCodecs } from "./codecs.js";
import { isKafkaError, isRefused, kafkaError, type Right } from "./errors.js";

// Connects to a topic's brokers with kafkajs's internal Cluster instead of its consumer. The consumer joins a group, which
// the lab does not need, does not expose the last stable offset, and returns records of aborted transactions if two
// transactions overlap.

export const CLIENT_ID = "crypto-streaming-lab";
export const CONNECTION_TIMEOUT_MS = 3_000;
export const REQUEST_TIMEOUT_MS = 15_000;
export const FIRST_RETRY_MS = 100;
export const MAX_RETRY_MS = 2_000;
/** A broker that has just started may not know its topics yet. A topic that is missing for longer has been deleted. */
const MISSING_TOPIC_MS = 5_000;

interface ClusterOptions extends KafkaAddress {
  topic: string;
  /** How long Kafka may be unavailable before an operation fails. */
  patienceMs: number;
  /** Called when a request fails and is retried. */
  notify?: Notify;
}

/** The settings of kafkajs that say where the brokers are, and how to be let in. */
export function connectionSettings({ brokers, tls, login }: KafkaAddress) {
  return {
    brokers: [...brokers],
    ...(tls && { ssl: tls.authorities === undefined ? true : { ca: tls.authorities } }),
    ...(login && { sasl: { ...login, mechanism: login.mechanism.toLowerCase() } as SASLOptions }),
  };
}

export interface TopicCluster {
  readonly address: KafkaAddress;
  readonly topic: string;
  /** How long Kafka may be unavailable before an operation fails. */
  readonly patienceMs: number;
  /**
   * Runs a function with a connected cluster, and retries it while the brokers are unavailable.
   *
   * @param right what the request needs
   * @throws LabError if Kafka stays unavailable, or refuses the client or the request, or the topic has been deleted
   */
  attempt<T>(right: Right, request: (cluster: Cluster) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Whether an error comes from the network or from a broker. */
const isTransient = (error: unknown): boolean =>
  error instanceof Error && (error.name.startsWith("KafkaJS") || errorCode(error) !== undefined);

const isMissingTopic = (error: unknown): boolean =>
  isKafkaError(error, "UNKNOWN_TOPIC_OR_PARTITION");

/** Connects to the brokers of a topic when they are first needed. */
export function connectTopic(options: ClusterOptions): TopicCluster {
  const { topic, patienceMs, notify, ...address } = options;
  const { brokers } = address;
  registerCodecs();
  let connecting: Promise<Cluster> | undefined;
  const closed = new AbortController();

  async function connect(): Promise<Cluster> {
    const cluster = new Cluster({
      logger: loggers.createLogger({ level: kafkajs.logLevel.NOTHING, logCreator: () => () => {} }),
      socketFactory: socketFactory(),
      ...connectionSettings(address),
      clientId: CLIENT_ID,
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      enforceRequestTimeout: true,
      metadataMaxAge: 300_000,
      allowAutoTopicCreation: false,
      retry: { retries: 0 }, // attempt() retries
    });
    try {
      await cluster.connect();
      await cluster.addTargetTopic(topic);
      return cluster;
    } catch (error) {
      await cluster.disconnect();
      throw error;
    }
  }

  async function disconnect(): Promise<void> {
    const cluster = connecting;
    connecting = undefined;
    await cluster?.then((each) => each.disconnect()).catch(() => {});
  }

  async function attempt<T>(right: Right, request: (cluster: Cluster) => Promise<T>): Promise<T> {
    const deadlineMs = performance.now() + patienceMs;
    let missingSinceMs: number | undefined;
    let lastNotice = "";
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(2 * delayMs, MAX_RETRY_MS)) {
      const current = (connecting ??= connect());
      try {
        return await request(await current);
      } catch (error) {
        if (error instanceof LabError || isKafkaError(error, "OFFSET_OUT_OF_RANGE")) throw error;
        // Only errors of the network and of brokers can be transient; anything else is a bug.
        if (closed.signal.aborted || !isTransient(error)) throw error;
        const failedMs = performance.now();
        missingSinceMs = isMissingTopic(error) ? (missingSinceMs ?? failedMs) : undefined;
        if (missingSinceMs !== undefined && failedMs - missingSinceMs >= MISSING_TOPIC_MS) {
          throw new LabError(
            `the topic ${topic} no longer exists on Kafka at ${brokers.join(",")}: start over with --fresh, or choose another --out`,
          );
        }
        if (isRefused(error) || failedMs > deadlineMs) {
          throw kafkaError(address, error, { right, topic });
        }
        const notice = `Kafka: ${errorMessage(error)}; trying again`;
        if (notice !== lastNotice) notify?.(notice); // not the same notice twice in a row
        lastNotice = notice;
        if (connecting === current) void disconnect(); // the next attempt reconnects
        if (!(await sleep(delayMs, closed.signal))) throw error;
      }
    }
  }

  async function close(): Promise<void> {
    closed.abort();
    await disconnect();
  }

  return { address, topic, patienceMs, attempt, close };
}
