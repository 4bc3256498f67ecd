import { notDone } from "./not-done.js";
import avro from "avsc";
import { Kafka, logLevel } from "kafkajs";

/** An event to send. */
export interface Outgoing {
  /** The key of its record. */
  key: string;
  /** Its schema in Avro: a text in JSON. */
  schema: string;
  /** The values of its fields. They always fit the schema. */
  fields: Record<string, unknown>;
}

/**
 * Sends events to a topic in Avro. The value of a record is a byte 0, the id of the schema (an unsigned integer of 4 bytes, the
 * most significant first), then the fields in Avro. Events with other schemas may follow at any time, and the schemas may
 * alternate. When the promise resolves, Kafka has each event once, and those of a key in the order in which they arrived. An
 * event arrives when you ask `events` for the next one.
 *
 * The id of a schema is what the registry returns when the schema is registered under the subject `TOPIC-value`:
 * POST `/subjects/TOPIC-value/versions` with `Content-Type: application/json` and the body `{"schema":"…"}`, where … is the text
 * of the schema. The answer is status 200 with `{"id":7}`. Each schema is registered once, when its first event has arrived, and
 * one after the other: if two requests for a subject arrive together, the lab's registry may answer 409 to one of them.
 *
 * Kafka always answers. The registry may be away at any moment, also at the beginning, for up to 45 seconds: then it refuses
 * connections, or answers with a status of 500 or more, or has not answered after 5 seconds. Meanwhile:
 *
 * - events whose schema is known are stored within a second, unless an earlier event waits for its schema;
 * - at no time have more than 100 events arrived that Kafka has not stored;
 * - the registry is asked again, at most ten times a second.
 *
 * If the registry is away for longer, reject. A status from 400 to 499 says that the registry does not accept the schema; 409, that
 * it is not compatible with an earlier version. Then reject without asking again, with an error whose message contains the
 * `message` of the answer, which is JSON. The events that arrived before are stored, and no others.
 *
 * @param brokers `host:port` of the brokers
 * @param registry the URL of the registry; paths follow it
 */
export async function produce(
  brokers: string[],
  registry: string,
  topic: string,
  events: AsyncIterable<Outgoing>,
): Promise<void> {
  // TODO
  return notDone(brokers, registry, topic, events, avro, Kafka, logLevel);
}
