import type { Kafka } from "kafkajs";
import type { Message } from "../../event.js";

export interface ProducingOptions {
  batchSize: number;
  /** Who must acknowledge a batch: 0 nobody, 1 the partition's leader, -1 all in-sync replicas. */
  acks: 0 | 1 | -1;
  /** Whether batches have sequence numbers, so that the broker drops duplicates; requires acks -1. */
  idempotent?: boolean;
}

/** Sends messages to a topic with these settings. @returns the number of requests that contained messages, and the duration */
export async function measureProducing(
  kafka: Kafka,
  topic: string,
  messages: readonly Message[],
  { batchSize, acks, idempotent = false }: ProducingOptions,
) {
  const producer = kafka.producer({
    idempotent,
    ...(idempotent ? { maxInFlightRequests: 1 } : {}),
  });
  let requests = 0;
  producer.on(producer.events.REQUEST, ({ payload }) => {
    if (payload.apiName === "Produce") requests++;
  });
  await producer.connect();
  const began = performance.now();
  for (let from = 0; from < messages.length; from += batchSize) {
    const batch = messages.slice(from, from + batchSize);
    await producer.send({
      topic,
      acks,
      messages: batch.map(({ key, value, timestampMs }) => {
        return { key, value, timestamp: String(timestampMs) };
      }),
    });
  }
  const durationMs = performance.now() - began;
  await producer.disconnect();
  return { requests, durationMs };
}
