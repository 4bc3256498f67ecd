import type { Kafka } from "kafkajs";
import type { Message } from "../../event.js";

/** How a producer sends. */
export interface ProducingOptions {
  /** Messages in one `send`. */
  batchSize: number;
  /** Who must have a batch before the next one is sent: 0 nobody, 1 the partition's leader, -1 all its replicas in sync. */
  acks: 0 | 1 | -1;
  /** Whether batches are numbered, so that the broker drops one that comes twice; asks for acks -1. */
  idempotent?: boolean;
}

/** What producing took. */
export interface ProducingCost {
  /** Requests that carried messages. */
  requests: number;
  durationMs: number;
}

/** Sends messages to a topic in one way and counts what it takes. */
export async function measureProducing(
  kafka: Kafka,
  topic: string,
  messages: readonly Message[],
  { batchSize, acks, idempotent = false }: ProducingOptions,
): Promise<ProducingCost> {
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
