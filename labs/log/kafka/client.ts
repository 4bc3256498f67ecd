import kafkajs, { type Admin, type Kafka as KafkaClient } from "kafkajs";
import {
  CLIENT_ID,
  CONNECTION_TIMEOUT_MS,
  FIRST_RETRY_MS,
  MAX_RETRY_MS,
  REQUEST_TIMEOUT_MS,
  connectionSettings,
} from "./cluster.js";
import type { KafkaAddress } from "../../shared/kafka-address.js";
import { registerCodecs } from "./codecs.js";
import { kafkaError } from "./errors.js";

const { Kafka, logLevel } = kafkajs;

/** How long Kafka may be unavailable before an operation fails. */
export const PATIENCE_MS = 60_000;

/** Retry settings of kafkajs: retries for about as long as `patienceMs`. */
export const retryFor = (patienceMs: number) => ({
  initialRetryTime: FIRST_RETRY_MS,
  maxRetryTime: MAX_RETRY_MS,
  retries: Math.ceil(patienceMs / MAX_RETRY_MS) + 5,
});
/** A single retry, the minimum for an idempotent producer, before a broker can have restarted. */
export const SINGLE_RETRY = { initialRetryTime: 10, maxRetryTime: 10, retries: 1 };

/** A kafkajs client that logs nothing. */
export function client(address: KafkaAddress, retry: ReturnType<typeof retryFor>) {
  registerCodecs();
  return new Kafka({
    ...connectionSettings(address),
    clientId: CLIENT_ID,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry,
    logLevel: logLevel.NOTHING,
  });
}

/** A kafkajs client with the lab's settings: it retries for `PATIENCE_MS` and logs nothing. */
export const kafkaClient = (address: KafkaAddress): KafkaClient =>
  client(address, retryFor(PATIENCE_MS));

/** Runs a function with a connected admin client, and disconnects it afterwards. */
export async function withAdmin<T>(
  kafka: KafkaClient,
  use: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Checks that a cluster answers. @throws LabError immediately if it does not, or refuses this client */
export async function describeKafka(address: KafkaAddress): Promise<void> {
  const admin = new Kafka({
    ...connectionSettings(address),
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
    throw kafkaError(address, error);
  } finally {
    await admin.disconnect();
  }
}
