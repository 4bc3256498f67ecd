import { notDone } from "./not-done.js";
import { Kafka, logLevel } from "kafkajs";

/**
 * Sends values to partition 0 of a topic: while the broker answers, each within a second of its arrival. The broker may stop at
 * any moment and be away for up to 45 seconds. When the promise resolves, Kafka has stored every value: a reader that ignores
 * values it has already seen finds all of them, in the order in which they arrived. (A value may be stored twice, if the broker
 * stopped after it had stored the value and before it could say so.)
 *
 * All values are different. A value arrives when you ask `values` for the next one. If the broker is away for longer, reject.
 * See kafkajs's documentation of `retry` (of the client and of the producer) and of `producer.send`.
 *
 * The check kills the lab's broker and starts it again.
 *
 * @param brokers `host:port` of the brokers
 */
export async function sendInOrder(
  brokers: string[],
  topic: string,
  values: AsyncIterable<string>,
): Promise<void> {
  // TODO
  return notDone(brokers, topic, values, Kafka, logLevel);
}
