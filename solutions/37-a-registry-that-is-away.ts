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
  const versions = `${registry}/subjects/${topic}-value/versions`;
  const encoders = new Map<string, (fields: object) => Buffer>();
  const producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  try {
    for await (const { key, schema, fields } of events) {
      let encode = encoders.get(schema);
      if (encode === undefined) {
        encode = encoderOf(await register(versions, schema), schema);
        encoders.set(schema, encode);
      }
      await producer.send({ topic, acks: -1, messages: [{ key, value: encode(fields) }] });
    }
  } finally {
    await producer.disconnect();
  }
}

/** A function that encodes fields, with the header in front. */
function encoderOf(id: number, schema: string): (fields: object) => Buffer {
  const type = avro.Type.forSchema(JSON.parse(schema) as avro.Schema);
  const header = Buffer.alloc(5);
  header.writeUInt32BE(id, 1);
  return (fields) => Buffer.concat([header, type.toBuffer(fields)]);
}

/** Registers a schema, and asks again while the registry is away. @returns its id */
async function register(versions: string, schema: string): Promise<number> {
  const noAnswer = { status: 503, text: "" }; // no answer is like one that says: not ready
  const deadlineMs = performance.now() + 60_000;
  while (performance.now() < deadlineMs) {
    const { status, text } = await post(versions, JSON.stringify({ schema })).catch(() => noAnswer);
    if (status === 200) return (JSON.parse(text) as { id: number }).id;
    if (status < 500) {
      const { message } = JSON.parse(text) as { message: string };
      throw new Error(`the registry does not accept the schema: ${status}: ${message}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`the registry is away: ${versions}`);
}

interface Answer {
  status: number;
  text: string;
}

/** @throws an error if the connection is refused, or if there is no answer after 5 seconds */
async function post(url: string, body: string): Promise<Answer> {
  const headers = { "Content-Type": "application/json" };
  const signal = AbortSignal.timeout(5_000);
  const response = await fetch(url, { method: "POST", headers, body, signal });
  return { status: response.status, text: await response.text() };
}
